"""The program under test, started on a data folder of its own, and its clients."""

import contextlib
import pathlib
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

import grpc

from wagewatch.v1 import (
    admin_service_pb2_grpc,
    alert_service_pb2_grpc,
    intake_service_pb2_grpc,
    ledger_service_pb2_grpc,
)

PATIENCE = 60


def free_port():
    with contextlib.closing(socket.socket()) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Service:
    """The program on a data folder of its own; started again, it has the same ports."""

    def __init__(self, binary, folder, settings=None):
        self.binary, self.folder, self.settings = binary, folder, settings or {}
        self.grpc, self.http = free_port(), free_port()

    def start(self):
        sets = {
            "server.grpc_addr": f"127.0.0.1:{self.grpc}",
            "server.http_addr": f"127.0.0.1:{self.http}",
            "server.drain_seconds": 5,
            "data.path": f"{self.folder}/data",
            "clock.kind": "manual",
            **self.settings,
        }
        flags = [part for key, value in sets.items() for part in ("--set", f"{key}={value}")]
        self.process = subprocess.Popen([self.binary, "serve", *flags])
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends:
            assert self.process.poll() is None, f"the program ended with {self.process.returncode}"
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                if self.get("/readyz")[0] == 200:
                    break
            time.sleep(0.05)
        else:
            raise AssertionError("not ready in time")
        self.channel = grpc.insecure_channel(f"127.0.0.1:{self.grpc}")
        self.intake = intake_service_pb2_grpc.IntakeServiceStub(self.channel)
        self.alerts = alert_service_pb2_grpc.AlertServiceStub(self.channel)
        self.ledger = ledger_service_pb2_grpc.LedgerServiceStub(self.channel)
        self.admin = admin_service_pb2_grpc.AdminServiceStub(self.channel)

    def get(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def stop(self, how):
        self.channel.close()
        self.process.send_signal(how)
        return self.process.wait(PATIENCE)


def run(binary, *steps, settings=None):
    """Each step with the running program; at the end it must stop well."""
    binary = str(pathlib.Path(binary).resolve())
    with tempfile.TemporaryDirectory() as folder:
        service = Service(binary, folder, settings)
        service.start()
        try:
            for step in steps:
                step(service)
            assert service.stop(signal.SIGTERM) == 0, "SIGTERM ends it well"
        finally:
            service.process.kill()
