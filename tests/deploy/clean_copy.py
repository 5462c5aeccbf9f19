"""What the image is built of: a copy of what Docker would send, by `.dockerignore`, is a whole package of its own, and the
program compiled here knows no file beyond it. No image is built: there is no base image to be had, and no engine.
"""

import fnmatch
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

IGNORED = [line.strip("/") for line in pathlib.Path(".dockerignore").read_text().split()]
BINARY = pathlib.Path(sys.argv[1])


def copy(folder):
    """As `COPY . .` does, of what git keeps."""
    kept = subprocess.run(["git", "ls-files", "-z"], check=True, capture_output=True).stdout.decode().split("\0")
    for name in filter(None, kept):
        parts = pathlib.PurePath(name).parts
        ignored = any(fnmatch.fnmatch("/".join(parts[:n]), one) for n in range(1, len(parts) + 1) for one in IGNORED)
        if not ignored and pathlib.Path(name).exists():
            to = pathlib.Path(folder, name)
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(name, to)


def run(folder, *command):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout


def sources(folder):
    """Every file that the program's sources take in is in the copy."""
    count = 0
    for path in [*pathlib.Path(folder, "src").rglob("*.rs"), pathlib.Path(folder, "build.rs")]:
        for name in re.findall(r'include_(?:str|bytes)!\("([^"]+)"\)', path.read_text()):
            assert (path.parent / name).exists(), f"{path}: {name}"
            count += 1
    assert count, "nothing is taken in"


with tempfile.TemporaryDirectory() as folder:
    copy(folder)
    # The lock is what the manifest asks for, without a look at a registry.
    run(folder, "cargo", "tree", "--locked", "--offline", "--edges", "normal,build")
    sources(folder)
    # The other commands of the build's stage, on the program that there is.
    built = pathlib.Path(folder, "wagewatch")
    shutil.copy(BINARY, built)
    run(folder, "strip", str(built))
    run(folder, "install", "-d", "-m", "700", f"{folder}/empty")
    assert built.stat().st_size < BINARY.stat().st_size and run(folder, str(built), "--version").startswith("wagewatch ")
    # What stands beside it in the image is all that it needs.
    run(folder, str(built), "check", "--config", f"{folder}/config/wagewatch.toml")
    # glibc alone, as distroless/cc has it.
    libraries = set(re.findall(r"NEEDED +(\S+)", run(folder, "objdump", "-p", str(built))))
    assert libraries <= {"libc.so.6", "libm.so.6", "libgcc_s.so.1", "ld-linux-x86-64.so.2", "libpthread.so.0", "libdl.so.2"}, libraries
print("good: a clean copy is whole; the image itself was not built")
