"""A client in another language with a token: what its role lets it do, and that nobody comes in without one.

Run by `./test outside`.
"""

import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import grpc

from wagewatch.v1 import admin_service_pb2, alert_service_pb2, intake_service_pb2, ledger_service_pb2

from lib.service import PATIENCE, Service

ROLES = {
    "gate": 'role = "site-platform"\nprojects = ["P1"]',
    "hrss": 'role = "coordinator"',
    "ops": 'role = "operator"',
}


def token(binary):
    said = subprocess.run([binary, "token", "--days", "2"], check=True, capture_output=True, text=True).stdout
    shown, line = said.strip().split("\n")
    return shown, line


def refused(what, code, call):
    try:
        call()
    except grpc.RpcError as error:
        assert error.code() == code, f"{what}: expected {code}, found {error.code()}: {error.details()}"
    else:
        raise AssertionError(f"{what}: was not refused")


def attendance(project):
    record = {"type": "attendance", "id": f"{project}-1", "source": "gate", "at": "2026-03-31T10:00:00+08:00",
              "project_id": project, "id_number": "152722199001010019", "work_date": "2026-03-02", "days": 1}
    return intake_service_pb2.SubmitRequest(ndjson=json.dumps(record).encode())


def calls(service, tokens):
    def show(name):
        return {"metadata": [("authorization", f"Bearer {tokens[name]}")], "timeout": PATIENCE}

    status = admin_service_pb2.GetStatusRequest()
    ends = time.monotonic() + PATIENCE
    while not service.admin.GetStatus(status, **show("ops")).ready:
        assert time.monotonic() < ends, "not ready in time"
        time.sleep(0.05)
    refused("nobody", grpc.StatusCode.UNAUTHENTICATED, lambda: service.admin.GetStatus(status, timeout=PATIENCE))
    refused("another's call", grpc.StatusCode.PERMISSION_DENIED, lambda: service.admin.GetStatus(status, **show("hrss")))
    verdict = service.intake.Submit(attendance("P1"), **show("gate")).verdicts[0]
    assert verdict.code == intake_service_pb2.Verdict.CODE_ACCEPTED, verdict
    refused("another's project", grpc.StatusCode.PERMISSION_DENIED,
            lambda: service.intake.Submit(attendance("P2"), **show("gate")))
    refused("alerts", grpc.StatusCode.PERMISSION_DENIED,
            lambda: service.alerts.List(alert_service_pb2.ListRequest(), **show("gate")))
    projects = service.ledger.ListProjects(ledger_service_pb2.ListProjectsRequest(), **show("hrss")).projects
    assert [project.project_id for project in projects] == ["P1"], projects
    assert service.get("/metrics")[0] == 401, "metrics without a token"


binary = str(pathlib.Path(sys.argv[1]).resolve())
with tempfile.TemporaryDirectory() as folder:
    tokens, entries = {}, []
    for name, role in ROLES.items():
        tokens[name], line = token(binary)
        entries.append(f'[[principal]]\nname = "{name}"\n{role}\n{line}\n')
    principals = pathlib.Path(folder, "principals.toml")
    principals.write_text("\n".join(entries))
    service = Service(binary, folder, {"security.principals": principals})
    service.start()
    try:
        calls(service, tokens)
        assert service.stop(signal.SIGTERM) == 0, "SIGTERM ends it well"
    finally:
        service.process.kill()
print("good: a client with a token, by its role")
