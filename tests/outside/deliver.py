"""Alerts delivered to a webhook that fails, refuses and comes back, and to a real Alertmanager.

Run by `./test outside`, which names alertmanager. Every wait has an end.
"""

import hashlib
import hmac
import http.server
import json
import os
import pathlib
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

from lib.made import PROJECT, WORKER, days_without_pay, lines, payment
from lib.service import PATIENCE, free_port, run
from wagewatch.v1 import admin_service_pb2, intake_service_pb2

SECRET = b"a secret of both ends"


def until(what, done, seen=lambda: ""):
    ends = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < ends, f"in {PATIENCE} s not {what}: {seen()}"
        time.sleep(0.1)


def certificates(folder):
    """An authority that the program is told to trust, as a machine's, and a certificate for localhost by it."""
    openssl = lambda *args: subprocess.run(["openssl", *args], cwd=folder, check=True, capture_output=True)
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=made up", "-days", "2")
    openssl("req", *key, "-keyout", "leaf.key", "-out", "leaf.csr", "-subj", "/CN=localhost")
    pathlib.Path(folder, "names").write_text("subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n")
    openssl("x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "leaf.pem",
            "-days", "2", "-extfile", "names")
    os.environ["SSL_CERT_FILE"] = str(pathlib.Path(folder, "ca.pem"))


class Receiver:
    """Speaks TLS; checks every signature; answers what the test wants: 503 for a while, 422 for one rule."""

    def __init__(self, folder):
        receiver = self
        self.taken, self.refused, self.failed = [], [], 0
        self.down, self.never = True, "unknown-project"

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(receiver.answer(self.headers, body))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pathlib.Path(folder, "leaf.pem"), pathlib.Path(folder, "leaf.key"))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://localhost:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, headers, body):
        if not verified(headers, body):
            return 400
        if self.down:
            self.failed += 1
            return 503
        told = json.loads(body)
        assert told["version"] == 1 and told["delivery"] == headers["Wagewatch-Delivery"], told
        if told["event"] == "alert" and told["alert"]["rule"] == self.never:
            self.refused.append(told)
            return 422
        self.taken.append(told)
        return 204

    def changes(self, rule):
        return [told for told in self.taken if told["event"] == "alert" and told["alert"]["rule"] == rule]


def verified(headers, body):
    """As docs/deliveries.md says."""
    timestamp = headers["Wagewatch-Timestamp"]
    wanted = "v1=" + hmac.new(SECRET, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted, headers["Wagewatch-Signature"]) and abs(time.time() - int(timestamp)) < 300


class Alertmanager:
    def __init__(self, folder):
        self.url = f"http://127.0.0.1:{free_port()}"
        self.process = subprocess.Popen([
            os.environ["ALERTMANAGER"], "--config.file=deploy/alertmanager/alertmanager.yml", f"--storage.path={folder}",
            f"--web.listen-address={self.url.removeprefix('http://')}", "--cluster.listen-address=", "--log.level=warn",
        ])

    def active(self):
        assert self.process.poll() is None, "alertmanager has ended"
        try:
            with urllib.request.urlopen(f"{self.url}/api/v2/alerts?active=true", timeout=5) as answer:
                return {one["labels"]["alertname"]: one for one in json.load(answer)}
        except (urllib.error.URLError, ConnectionError):
            return {}


def submit(service, records):
    service.intake.Submit(intake_service_pb2.SubmitRequest(ndjson=lines(records)), timeout=PATIENCE)


def set_date(service, date):
    service.admin.SetBusinessDate(admin_service_pb2.SetBusinessDateRequest(business_date=date), timeout=PATIENCE)


def metric(service, line):
    _, text = service.get("/metrics")
    [found] = [one for one in text.splitlines() if one.startswith(line + " ")]
    return int(found.split()[-1])


def webhook(service, receiver):
    """Down, then there; one change is refused for good; a crash in between loses nothing."""
    submit(service, days_without_pay())
    set_date(service, "2026-03-31")
    set_date(service, "2026-05-20")
    until("tried twice", lambda: receiver.failed >= 2)
    assert metric(service, 'wagewatch_delivery_failing{target="webhook"}') == 1
    receiver.down = False
    until("told of the arrears", lambda: receiver.changes("project-arrears"))
    until("refused one", lambda: receiver.refused)
    # Alerts go side by side: another one may still wait for its next try.
    until("none fails any more", lambda: metric(service, 'wagewatch_delivery_failing{target="webhook"}') == 0)
    assert WORKER not in json.dumps(receiver.taken), "an identity number is delivered"

    submit(service, [payment(1, 100000)])
    until("told of the change", lambda: receiver.changes("project-arrears")[-1]["alert"]["amount_fen"] == 300000)
    service.stop(signal.SIGKILL)
    service.start()
    submit(service, [payment(2, 300000)])
    until("told of the end", lambda: receiver.changes("project-arrears")[-1]["change"] == "resolved")

    arrears = receiver.changes("project-arrears")
    first = {}
    for told in arrears:
        first.setdefault(told["delivery"], told)
    revisions = [told["alert"]["revision"] for told in first.values()]
    assert revisions == sorted(set(revisions)), f"changes of one alert come out of order: {revisions}"
    assert [told["alert"]["status"] for told in first.values()][-1] == "resolved"
    assert sum(told["event"] == "reset" for told in receiver.taken) == 0, "the cursor was lost"


def dead_letters(service, receiver):
    path = pathlib.Path(service.folder, "data", "webhook", "dead.ndjson")
    dead = [json.loads(line) for line in path.read_text().splitlines()]
    assert {one["body"]["delivery"] for one in dead} == {told["delivery"] for told in receiver.refused}, dead
    assert all("422" in one["why"] and one["body"]["alert"]["rule"] == receiver.never for one in dead), dead


def alertmanager_knows(service, manager):
    """What stands is active there, with its level; what is paid is over."""
    submit(service, [{**payment(3, 400000), "status": "returned"}])
    submit(service, [{**payment(1, 100000), "id": "r", "at": "2026-05-21T10:00:00+08:00", "status": "returned"}])
    until("active", lambda: "project-arrears" in manager.active(), manager.active)
    alert = manager.active()["project-arrears"]
    assert alert["labels"]["project"] == PROJECT and alert["labels"]["level"] in ("yellow", "orange", "red"), alert
    assert alert["labels"]["alert_id"].startswith("project-arrears-"), alert
    assert alert["annotations"]["amount_yuan"] == "1000.00", alert
    began = alert["updatedAt"]
    until("told again", lambda: manager.active()["project-arrears"]["updatedAt"] > began)
    submit(service, [payment(4, 100000)])
    until("over", lambda: "project-arrears" not in manager.active())


with tempfile.TemporaryDirectory() as folder:
    certificates(folder)
    receiver, manager = Receiver(folder), Alertmanager(folder)
    secret = pathlib.Path(folder, "secret")
    secret.write_bytes(SECRET + b"\n")
    settings = {
        "webhook.url": receiver.url,
        "webhook.secret_file": secret,
        "alertmanager.url": manager.url,
        "alertmanager.min_level": "yellow",
        "alertmanager.resend_seconds": 2,
    }
    try:
        run(
            sys.argv[1],
            lambda service: webhook(service, receiver),
            lambda service: dead_letters(service, receiver),
            lambda service: alertmanager_knows(service, manager),
            settings=settings,
        )
    finally:
        manager.process.terminate()
        manager.process.wait(PATIENCE)
print("good: a webhook is told of every change in order, signed; Alertmanager knows what stands")
