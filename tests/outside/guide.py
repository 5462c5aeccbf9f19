"""The commands of docs/guide.md, run in the order of the page, in one shell; what the page shows must come.

Run by `./test outside`. The ports of the page are exchanged for free ones, so that a service that runs here is left alone.
"""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile

from lib import pages
from lib.service import free_port

PAGE, LIMIT_SECONDS = "docs/guide.md", 60
MARK = "-- step --"


def main(binary):
    binary = pathlib.Path(binary).resolve()
    grpc, http = free_port(), free_port()
    moved = lambda text: text.replace("7443", str(grpc)).replace("7480", str(http))
    steps = pages.steps(PAGE)
    assert len(steps) >= 8, len(steps)
    script = "set -eu\n" + "".join(f"echo '{MARK}'\n{moved(command)}" for command, _ in steps)
    with tempfile.TemporaryDirectory() as folder:
        tools = pathlib.Path(folder, "tools")
        tools.mkdir()
        (tools / "wagewatch").symlink_to(binary)
        (tools / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        (tools / "python").chmod(0o755)
        for name, text in pages.files(PAGE).items():
            pathlib.Path(folder, name).write_text(moved(text))
        environment = os.environ | {
            "PATH": f"{tools}:{os.environ['PATH']}",
            "WAGEWATCH_ADDR": f"http://127.0.0.1:{grpc}",
            "WAGEWATCH__SERVER__GRPC_ADDR": f"127.0.0.1:{grpc}",
            "WAGEWATCH__SERVER__HTTP_ADDR": f"127.0.0.1:{http}",
            "WAGEWATCH__DATA__MIN_FREE_BYTES": "0",
        }
        # A group of its own: whatever the page leaves running ends with it.
        shell = subprocess.Popen(
            ["bash", "-c", script], cwd=folder, env=environment, text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        try:
            out, err = shell.communicate(timeout=LIMIT_SECONDS)
        except subprocess.TimeoutExpired as late:
            heard = b"".join(part for part in (late.stdout, late.stderr) if part).decode()
            raise AssertionError(f"not done in {LIMIT_SECONDS} s:\n{heard[-3000:]}") from None
        finally:
            try:
                os.killpg(shell.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        assert shell.returncode == 0, f"{out[-3000:]}\n{err[-3000:]}"
        answers = out.split(MARK)[1:]
        for (command, shown), answer in zip(steps, answers, strict=True):
            missing = pages.shows(answer, shown)
            assert missing is None, f"{command}\ndoes not show\n{missing}\nbut\n{answer}"
        print(f"good: {len(steps)} steps of {PAGE}")


assert pages.shows("a b\nc d e\n", "a b\nc … e\n") is None and pages.shows("c d e\na b\n", "a b\nc … e\n")
main(sys.argv[1])
