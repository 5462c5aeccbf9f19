"""A folder such as the manifests mount: callers, a certificate and its key, made up for one check."""

import contextlib
import pathlib
import subprocess
import tempfile

# Where the manifests mount it.
SECURITY = "/etc/wagewatch-security"
PRINCIPALS = """[[principal]]
name = "ops"
role = "operator"
certificates = ["ops.example"]
"""


@contextlib.contextmanager
def security():
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "principals.toml").write_text(PRINCIPALS)
        make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=wagewatch", "-keyout", f"{folder}/server.key", "-out", f"{folder}/server.pem"]
        subprocess.run(make, check=True, capture_output=True)
        yield folder
