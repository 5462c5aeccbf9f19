"""Deliveries to a webhook go side by side: one that is slow or refused holds up its own alert alone, no more are on their way
than are allowed, those of one alert keep their order, and a crash loses nothing.

Run by `./test outside`. Every wait has an end.
"""

import http.server
import json
import signal
import sys
import threading
import time

from lib.made import lines, record
from lib.service import PATIENCE, run
from wagewatch.v1 import admin_service_pb2, intake_service_pb2

PROJECTS, CONCURRENCY, SLOW_SECONDS = [f"N{n:02}" for n in range(12)], 4, 0.5


def until(what, done, seen=lambda: ""):
    ends = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < ends, f"in {PATIENCE} s not {what}: {seen()}"
        time.sleep(0.05)


class Receiver:
    """Answers slowly; refuses one project's alerts for as long as the test wants."""

    def __init__(self):
        receiver = self
        self.lock, self.taken, self.refused = threading.Lock(), [], 0
        self.at_once = self.most_at_once = 0
        self.seconds, self.failing = SLOW_SECONDS, None

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with receiver.lock:
                    receiver.at_once += 1
                    receiver.most_at_once = max(receiver.most_at_once, receiver.at_once)
                time.sleep(receiver.seconds)
                with receiver.lock:
                    receiver.at_once -= 1
                    fails = told["event"] == "alert" and told["alert"]["project"]["id"] == receiver.failing
                    if fails:
                        receiver.refused += 1
                    else:
                        receiver.taken.append(told)
                self.send_response(503 if fails else 204)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def projects(self):
        with self.lock:
            return {told["alert"]["project"]["id"] for told in self.taken if told["event"] == "alert"}

    def of(self, project):
        with self.lock:
            return [told for told in self.taken if told["event"] == "alert" and told["alert"]["project"]["id"] == project]

    def events(self):
        with self.lock:
            return [told["event"] for told in self.taken]


def submit(service, records):
    service.intake.Submit(intake_service_pb2.SubmitRequest(ndjson=lines(records)), timeout=PATIENCE)


def swipe(project, number):
    """Of a project that nothing is known of: an alert."""
    return record("attendance", f"{project}-{number}", project_id=project, id_number="152722199001010019", work_date=f"2026-03-{number:02}", days=1)


def named(project, number):
    """The project becomes known, and its alert is over; the record that follows takes it up with other facts."""
    return record(
        "project", f"{project}-{number}", project_id=project, name=f"made up {number}", sector="highway", territory="150621005",
        funding="government", owner_name="O", contractor_name="C", contractor_uscc="91350211M000100Y46",
        contract_signed_on="2026-02-10", contract_fen=500_000_00, started_on="2026-03-01", status="active",
    )


def slow(service, receiver):
    """Twelve alerts at half a second each take no six seconds, and never more than four are on their way."""
    service.admin.SetBusinessDate(admin_service_pb2.SetBusinessDateRequest(business_date="2026-03-31"), timeout=PATIENCE)
    until("told that nothing stood", lambda: "snapshot-complete" in receiver.events(), receiver.events)
    submit(service, [swipe(project, 1) for project in PROJECTS])
    until("told of all", lambda: set(PROJECTS) <= receiver.projects(), receiver.projects)
    assert 2 <= receiver.most_at_once <= CONCURRENCY, receiver.most_at_once


def one_fails(service, receiver):
    """The alerts of one project are refused again and again: all others' go on, more of them than there are places."""
    receiver.seconds, receiver.failing = 0, PROJECTS[0]
    before = len(receiver.of(PROJECTS[0]))
    submit(service, [named(project, 1) for project in PROJECTS])
    until("refused", lambda: receiver.refused >= 2)
    # Of its own, other alerts than the refused one wait for their own turn, and are refused as well.
    others = PROJECTS[1:]
    until("gone on", lambda: all(any(told["change"] == "resolved" for told in receiver.of(one)) for one in others))
    for day in range(2, 8):
        submit(service, [swipe(f"M{day}{n}", day) for n in range(8)])
    until("gone on with more", lambda: {f"M{day}{n}" for day in range(2, 8) for n in range(8)} <= receiver.projects())
    assert len(receiver.of(PROJECTS[0])) == before
    _, text = service.get("/metrics")
    assert 'wagewatch_delivery_failing{target="webhook"} 1' in text


def crash_and_end(service, receiver):
    """Killed while one waits: it is delivered after the start, with all that followed, in its order."""
    service.stop(signal.SIGKILL)
    service.start()
    refused = receiver.refused
    until("tried again", lambda: receiver.refused > refused)
    receiver.failing = None
    until("delivered", lambda: any(told["change"] == "resolved" for told in receiver.of(PROJECTS[0])))
    until("well again", lambda: 'wagewatch_delivery_failing{target="webhook"} 0' in service.get("/metrics")[1])
    revisions, known = {}, set()
    for told in receiver.taken:
        # A repeat after the crash bears the number of the first.
        if told["event"] != "alert" or told["delivery"] in known:
            continue
        known.add(told["delivery"])
        alert = told["alert"]
        assert revisions.get(alert["id"], 0) < alert["revision"], f"{alert['id']} out of order"
        revisions[alert["id"]] = alert["revision"]


receiver = Receiver()
run(
    sys.argv[1],
    lambda service: slow(service, receiver),
    lambda service: one_fails(service, receiver),
    lambda service: crash_and_end(service, receiver),
    settings={"webhook.url": receiver.url, "webhook.concurrency": CONCURRENCY},
)
print("good: deliveries go side by side, each alert's in its order")
