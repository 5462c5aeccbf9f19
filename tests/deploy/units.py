"""The systemd units: `systemd-analyze verify` and `security`, where the machine has it. The program stands in for the
one in /usr/local/bin.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

BINARY = pathlib.Path(sys.argv[1]).resolve()
FOLDER = pathlib.Path("deploy/systemd")
# "OK" begins at 2.0: below that a unit is as closed as a network service can be.
EXPOSURE_MOST = {"wagewatch.service": 15, "wagewatch-backup.service": 10}


def analyze(*args):
    done = subprocess.run(["systemd-analyze", *args], capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr.strip(), f"{args}: {done.stdout[-2000:]}{done.stderr}"
    return done.stdout


def commands(text):
    """What the units run is what the program has."""
    for line in re.findall(r"^ExecStart(?:Pre)?=/usr/local/bin/wagewatch (.*)$", text, flags=re.M):
        command, *rest = line.split()
        help = subprocess.run([BINARY, command, "--help"], capture_output=True, text=True)
        assert help.returncode == 0, line
        for flag in (word for word in rest if word.startswith("--")):
            assert re.search(rf"{flag}\b", help.stdout), f"wagewatch {command} has no {flag}"


units = sorted(FOLDER.glob("wagewatch*.service")) + sorted(FOLDER.glob("*.timer"))
for unit in units:
    commands(unit.read_text())
if not shutil.which("systemd-analyze"):
    print("good: the units' commands; systemd-analyze is not here, so the units were not verified")
    sys.exit()
with tempfile.TemporaryDirectory() as folder:
    shutil.copytree(FOLDER, folder, dirs_exist_ok=True)
    copies = [pathlib.Path(folder, unit.name) for unit in units]
    for copy in copies:
        copy.write_text(copy.read_text().replace("/usr/local/bin/wagewatch", str(BINARY)))
    analyze("verify", *copies)
    for name, most in EXPOSURE_MOST.items():
        analyze("security", "--offline=true", f"--threshold={most}", f"{folder}/{name}")
print(f"good: {len(units)} units verified, exposure at most {max(EXPOSURE_MOST.values()) / 10}")
