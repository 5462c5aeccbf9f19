"""The programs of docs/bank-integration.md, taken out of the page and run: in Python, and in Java where Maven is.

Run by `./test outside`. A line with a wrong number is rejected and named, a repeat counts once, and a service that is
down for a while costs patience only.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

from lib import pages
from lib.service import PATIENCE, run
from wagewatch.v1 import ledger_service_pb2

PAGE = "docs/bank-integration.md"
BAD, NUMBER = "20260415-000003", "150621198505050099"


def expect(done, verdict, code):
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    assert done.stdout.strip() == verdict, done.stdout
    assert BAD in done.stderr and "id_number" in done.stderr, done.stderr
    assert NUMBER not in done.stderr, "an identity number is shown"


def python(folder, service):
    command = [sys.executable, "bank.py", f"127.0.0.1:{service.grpc}", "ICBC", "statement.csv"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE)


def java(folder, service):
    jar = os.pathsep.join(["target/bank-1.jar", "target/dependency/*"])
    command = ["java", "-cp", jar, "Bank", f"127.0.0.1:{service.grpc}", "ICBC", "statement.csv"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE)


def build(folder):
    shutil.copytree("proto", pathlib.Path(folder, "proto"))
    built = subprocess.run(["mvn", "--quiet", "--batch-mode", "package"], cwd=folder, capture_output=True, text=True, timeout=600)
    assert built.returncode == 0, built.stdout + built.stderr


def counts(service):
    _, text = service.get("/metrics")
    found = {}
    for line in text.splitlines():
        if line.startswith('wagewatch_bank_payments_total{bank="ICBC"'):
            found[line.split('verdict="')[1].split('"')[0]] = int(line.split()[-1])
    return found


def known(service, sent):
    """Nothing was new. (A statement that a later one has superseded may be accepted again, and changes nothing.)"""
    found = counts(service)
    assert found["rejected"] == 0 and found["accepted"] + found["duplicate"] == sent, found
    assert found["duplicate"] * 3 == sent * 2 or found["duplicate"] == sent, found


def scenario(service):
    with tempfile.TemporaryDirectory() as folder:
        pages.write(PAGE, folder)
        expect(python(folder, service), "3 taken, 1 rejected", 3)
        assert counts(service) == {"accepted": 3, "duplicate": 0, "rejected": 0}, counts(service)
        letters = service.ledger.ListDeadLetters(ledger_service_pb2.ListDeadLettersRequest(), timeout=PATIENCE).dead_letters
        assert [letter.reason.field for letter in letters] == ["id_number"], letters

        # Down while it sends: it tries again, and nothing counts twice.
        service.stop(signal.SIGKILL)
        later = threading.Timer(2, service.start)
        later.start()
        done = python(folder, service)
        later.join()
        expect(done, "3 taken, 1 rejected", 3)
        known(service, 3)

        if not (shutil.which("mvn") and shutil.which("java")):
            print("Maven is not here: the program in Java was not built")
            return
        build(folder)
        expect(java(folder, service), "3 taken, 1 rejected", 3)
        known(service, 6)


run(sys.argv[1], scenario)
print("good: the bank's programs do what the guide says")
