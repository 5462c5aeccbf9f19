"""A folder such as the manifests mount: callers, a certificate and its key, a password, made up for one check."""

import contextlib
import pathlib
import shutil
import subprocess
import tempfile

# Where the manifests mount it, and what the brokers ask for.
SECURITY, KAFKA = "/etc/wagewatch-security", "/etc/wagewatch-kafka"
PRINCIPALS = """[[principal]]
name = "ops"
role = "operator"
certificates = ["ops.example"]
"""


@contextlib.contextmanager
def security():
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "principals.toml").write_text(PRINCIPALS)
        for name in ("password", "cluster.token"):
            pathlib.Path(folder, name).write_text("made up\n")
        make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=wagewatch", "-keyout", f"{folder}/server.key", "-out", f"{folder}/server.pem"]
        subprocess.run(make, check=True, capture_output=True)
        # It has signed itself.
        shutil.copy(f"{folder}/server.pem", f"{folder}/authority.pem")
        yield folder
