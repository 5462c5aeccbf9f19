"""The image, built by buildah with stand-ins for its two bases, where no registry can be reached: every instruction of the
Dockerfile runs, but that `cargo` in the stand-in takes the program that there is. So what the image holds, and how it starts,
is tried; the compilation within the real base is not. Without buildah and a static busybox (Debian's `buildah` and
`busybox-static`, as root) nothing is built, and this says so.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

BINARY = pathlib.Path(sys.argv[1]).resolve()
BUILDAH, BUSYBOX = (os.environ.get(name.upper()) or shutil.which(name) for name in ("buildah", "busybox"))
BASES = {"rust": "docker.io/library/rust:1.90-bookworm", "nonroot": "gcr.io/distroless/cc-debian12:nonroot"}
# It must have been sent what it builds of, and nothing else.
CARGO = """#!/bin/sh
set -e
[ "$*" = "build --release --locked --bin wagewatch" ]
for there in Cargo.lock Cargo.toml build.rs .cargo proto src config benches; do [ -e $there ]; done
for not in tests docs deploy target .git; do [ ! -e $not ]; done
mkdir -p target/release
cp /prebuilt target/release/wagewatch
"""
INSTALL = '#!/bin/sh\n[ "$1 $2 $3" = "-d -m 700" ] && mkdir -p "$4" && chmod 700 "$4"\n'


def stand_in(folder):
    """A system of one file, and what the build's commands are called."""
    bin = pathlib.Path(folder, "rust", "bin")
    bin.mkdir(parents=True)
    pathlib.Path(folder, "rust", "tmp").mkdir()
    pathlib.Path(folder, "nonroot").mkdir()
    shutil.copy(BUSYBOX, bin / "busybox")
    for name in ("sh", "cp", "mkdir", "chmod"):
        (bin / name).symlink_to("busybox")
    for name, text in (("cargo", CARGO), ("install", INSTALL), ("strip", "#!/bin/sh\n[ -x $1 ]\n")):
        (bin / name).write_text(text)
        (bin / name).chmod(0o755)
    shutil.copy(BINARY, pathlib.Path(folder, "rust", "prebuilt"))


def build(folder):
    policy = pathlib.Path(folder, "policy.json")
    policy.write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
    registries = pathlib.Path(folder, "registries.conf")
    registries.write_text("")
    store = ["--root", f"{folder}/store", "--runroot", f"{folder}/run", "--storage-driver", "vfs", "--registries-conf", registries]

    def buildah(*args):
        done = subprocess.run([BUILDAH, *store, *args], env=os.environ | {"BUILDAH_ISOLATION": "chroot"}, capture_output=True, text=True)
        assert done.returncode == 0, f"buildah {' '.join(map(str, args))}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
        return done.stdout.strip()

    signed = ["--signature-policy", policy]
    for name, image in BASES.items():
        container = buildah("from", *signed, "scratch")
        buildah("add", container, f"{folder}/{name}", "/")
        buildah("config", "--env", "PATH=/bin", container)
        buildah("commit", *signed, container, image)
    buildah("bud", "--isolation", "chroot", "--pull-never", *signed, "--file", "deploy/docker/Dockerfile", "--tag", "wagewatch", ".")
    config = json.loads(buildah("inspect", "--type", "image", "wagewatch"))["OCIv1"]["config"]
    return config, pathlib.Path(buildah("mount", buildah("from", "--pull-never", *signed, "localhost/wagewatch")))


def check(config, root):
    assert config["User"] == "65532:65532" and config["StopSignal"] == "SIGTERM", config
    assert set(config["ExposedPorts"]) == {"7443/tcp", "7480/tcp"} and set(config["Volumes"]) == {"/var/lib/wagewatch"}, config
    data = (root / "var/lib/wagewatch").stat()
    assert (data.st_uid, data.st_gid, oct(data.st_mode & 0o777)) == (65532, 65532, "0o700"), data
    assert not list((root / "var/lib/wagewatch").iterdir())
    program = root / config["Entrypoint"][0].lstrip("/")
    assert program.read_bytes() == BINARY.read_bytes() and os.access(program, os.X_OK)
    assert config["Cmd"] == ["serve", "--config", "/etc/wagewatch/wagewatch.toml"]
    kept = {path.name for path in (root / "etc/wagewatch").iterdir()}
    assert kept == {path.name for path in pathlib.Path("config").iterdir()}, kept
    checked = subprocess.run([program, "check", "--config", root / "etc/wagewatch/wagewatch.toml"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout


if not (BUILDAH and BUSYBOX and os.geteuid() == 0):
    print("not built: buildah, busybox-static and root are needed")
else:
    with tempfile.TemporaryDirectory() as folder:
        stand_in(folder)
        check(*build(folder))
    print("good: the image, on stand-ins for its bases")
