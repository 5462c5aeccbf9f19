"""Calls that are followed: a client's trace goes through Submit, the log, the engine and an alert to a webhook, whose receiver
goes on with it; a collector (OTLP over gRPC) gets the spans. Without a collector that answers nothing stops, and what was
dropped is counted.

Run by `./test outside`. Every wait has an end.
"""

import http.client
import http.server
import json
import secrets
import signal
import sys
import threading
import time

from lib.collector import Collector, begin, until
from lib.made import ACCOUNT, WORKER, days_without_pay, lines, payment
from lib.service import PATIENCE, free_port, run
from wagewatch.v1 import admin_service_pb2, alert_service_pb2, intake_service_pb2


class Hook:
    """A webhook that notes the trace of each delivery."""

    def __init__(self):
        hook = self
        self.told = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                hook.told.append((self.headers.get("traceparent"), body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def of(self, trace):
        return [(parent, body) for parent, body in list(self.told) if parent and parent.split("-")[1] == trace]


def metric(service, outcome):
    _, text = service.get("/metrics")
    [found] = [line for line in text.splitlines() if line.startswith(f'wagewatch_spans_total{{outcome="{outcome}"}}')]
    return int(found.split()[-1])


def submit(service, records, metadata=()):
    service.intake.Submit(intake_service_pb2.SubmitRequest(ndjson=lines(records)), timeout=PATIENCE, metadata=metadata)


def set_date(service, date):
    service.admin.SetBusinessDate(admin_service_pb2.SetBusinessDateRequest(business_date=date), timeout=PATIENCE)


def from_client_to_webhook(service, collector, hook):
    submit(service, days_without_pay())
    set_date(service, "2026-05-20")
    until("told of what stands", lambda: any(body["event"] == "alert" for _, body in hook.told))
    trace, span, metadata = begin()
    submit(service, [payment(1, 100000)], metadata)
    wanted = ["wagewatch.v1.IntakeService/Submit", "intake.batch", "log.commit", "engine.apply", "alerts.rows", "webhook.deliver"]
    until("collected", lambda: set(wanted) <= set(collector.of(trace)), lambda: list(collector.of(trace)))
    spans = collector.of(trace)
    assert {name for name, _ in collector.spans} == {"county"}
    # Each hangs on the one before, the first on the client's.
    parent = {span}
    for name in wanted:
        assert any(one.parent_span_id.hex() in parent for one in spans[name]), (name, spans)
        assert all(one.start_time_unix_nano <= one.end_time_unix_nano for one in spans[name]), name
        parent = {one.span_id.hex() for one in spans[name]}
    # The receiver goes on with the trace, from the span of its delivery.
    until("delivered", lambda: hook.of(trace))
    delivered = {given.split("-")[2] for given, _ in hook.of(trace)}
    assert delivered <= {one.span_id.hex() for one in spans["webhook.deliver"]}, delivered
    amounts = [body["alert"]["amount_fen"] for _, body in hook.of(trace)]
    assert 300000 in amounts, amounts


def streams_and_pages(service, collector):
    """A stream's batches each have spans; a subscriber's messages name what caused them; so do the page's calls."""
    subscriber, _, metadata = begin()
    events = service.alerts.Subscribe(alert_service_pb2.SubscribeRequest(changes_only=True), timeout=PATIENCE, metadata=metadata)
    until("subscribed", lambda: "wagewatch.v1.AlertService/Subscribe" in collector.of(subscriber))
    trace, _, metadata = begin()
    batches = [intake_service_pb2.SubmitStreamRequest(sequence=n, ndjson=lines([payment(10 + n, 10000)])) for n in range(3)]
    assert len(list(service.intake.SubmitStream(iter(batches), timeout=PATIENCE, metadata=metadata))) == 3
    until("each batch", lambda: len(collector.of(trace).get("intake.batch", [])) == 3, lambda: list(collector.of(trace)))
    assert next(event for event in events if event.WhichOneof("event") == "alerts").alerts.events
    events.cancel()
    linked = lambda: {link.trace_id.hex() for one in collector.of(subscriber).get("alerts.send", []) for link in one.links}
    until("linked to the cause", lambda: trace in linked(), linked)

    trace, span, [(name, value)] = begin()
    connection = http.client.HTTPConnection("127.0.0.1", service.http, timeout=PATIENCE)
    headers = {"Content-Type": "application/json", "X-Wagewatch": "console", name: value}
    connection.request("POST", "/api/AlertService/List", "{}", headers)
    assert connection.getresponse().status == 200
    until("the page's call", lambda: len(collector.of(trace)) >= 2, lambda: list(collector.of(trace)))
    [outer], [inner] = collector.of(trace)["console wagewatch.v1.AlertService/List"], collector.of(trace)["wagewatch.v1.AlertService/List"]
    assert outer.parent_span_id.hex() == span and inner.parent_span_id == outer.span_id


def acts(service, collector, hook):
    """What a person does about an alert is followed to the webhook, too."""
    alert = service.alerts.List(alert_service_pb2.ListRequest(), timeout=PATIENCE).alerts[0]
    trace, _, metadata = begin()
    act = alert_service_pb2.ActRequest(alert_id=alert.id, act_id="a1", actor="HRSS", note=alert_service_pb2.Note(text="made up"))
    service.alerts.Act(act, timeout=PATIENCE, metadata=metadata)
    until("delivered", lambda: hook.of(trace), lambda: list(collector.of(trace)))
    assert [body["change"] for _, body in hook.of(trace)] == ["noted"]


def not_followed(service, collector, hook):
    """Whoever says that his call is not to be followed is not, nor is one without a trace where none is drawn by lot."""
    before = len(hook.told)
    trace, _, metadata = begin(sampled=False)
    submit(service, [payment(20, 10000)], metadata)
    until("delivered", lambda: len(hook.told) > before)
    submit(service, [payment(21, 10000)], [("traceparent", "nonsense")])
    submit(service, [payment(22, 10000)])
    time.sleep(2.5)
    assert not collector.of(trace) and all(parent is None for parent, _ in hook.told[before:])


def nothing_of_anybody(service, collector):
    said = "".join(str(span) for _, span in collector.spans)
    for secret in (WORKER, ACCOUNT, "Wang", "made up", "HRSS", "62220000000000099"):
        assert secret not in said, f"{secret} in a span"
    keys = {one.key for _, span in collector.spans for one in span.attributes}
    assert keys <= {"rpc.system", "rpc.grpc.status_code", "wagewatch.records", "wagewatch.rejected", "wagewatch.block", "wagewatch.rows"}, keys


def without_collector(service, collector):
    """The collector goes: nothing stops, what is dropped is counted; it comes back, and spans with it."""
    collector.server.stop(None).wait()
    dropped = metric(service, "dropped")
    for number in range(5):
        _, _, metadata = begin()
        submit(service, [payment(30 + number, 1000)], metadata)
    until("counted", lambda: metric(service, "dropped") > dropped)
    collector.start()
    def again():
        trace, _, metadata = begin()
        submit(service, [payment(secrets.randbelow(10**6) + 100, 100)], metadata)
        time.sleep(1.5)
        return "log.commit" in collector.of(trace)
    until("collected again", again)
    assert metric(service, "sent") > 0


collector, hook = Collector(), Hook()
collector.start()
run(
    sys.argv[1],
    lambda service: from_client_to_webhook(service, collector, hook),
    lambda service: streams_and_pages(service, collector),
    lambda service: acts(service, collector, hook),
    lambda service: not_followed(service, collector, hook),
    lambda service: nothing_of_anybody(service, collector),
    lambda service: without_collector(service, collector),
    settings={
        "telemetry.otlp_endpoint": f"http://127.0.0.1:{collector.port}",
        "telemetry.sample_ratio": "0",
        "telemetry.service_name": "county",
        "webhook.url": hook.url,
    },
)
# A collector that was never there.
run(
    sys.argv[1],
    lambda service: submit(service, days_without_pay(), begin()[2]),
    lambda service: until("counted", lambda: metric(service, "dropped") > 0),
    settings={"telemetry.otlp_endpoint": f"http://127.0.0.1:{free_port()}", "telemetry.sample_ratio": "1"},
)
print("good: a client's trace reaches the collector and the webhook's receiver")
