"""The cluster of deploy/compose/cluster.yaml on this machine: brokers, the making of topics and the instances have the settings
that the file gives them, with ports and folders of a test. Nothing of Docker is tried.

Run by `./test outside`, which names Kafka's jars and prometheus.
"""

import os
import pathlib
import runpy
import signal
import subprocess
import sys
import tempfile

import grpc
import yaml

from lib import queries
from lib.brokers import Brokers
from lib.collector import Collector, begin, until
from lib.made import PROJECT, days_without_pay, lines, payment
from lib.scraper import Prometheus, answered
from lib.service import PATIENCE, Service
from wagewatch.v1 import admin_service_pb2, alert_service_pb2, alerts_pb2, intake_service_pb2

BINARY = str(pathlib.Path(sys.argv[1]).resolve())
SERVICES = yaml.safe_load(pathlib.Path("deploy/compose/cluster.yaml").read_text())["services"]
CLUSTER = runpy.run_path("tests/deploy/lib/cluster.py")
SERVES = CLUSTER["SERVES"]
TOPICS = ["records", "county", "changelog", "alerts", "dead-letters"]
# `engine.shards` of the built-in defaults, and the county's.
PARTITIONS = 33


def settings(service, brokers, key):
    """What the compose file sets, with this machine's addresses."""
    own = {name: brokers.here(value) for name, value in CLUSTER["known"](SERVICES[service]["environment"]).items()}
    return own | {"WAGEWATCH__ALERTS__ID_KEY_FILE": key}


def topics(brokers, key):
    """Made once; made again, they are there."""
    environment = os.environ | settings("topics", brokers, key)
    make = [BINARY, *SERVICES["topics"]["command"][:2]]

    def ask(*command):
        asked = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert asked.returncode != 2, asked.stdout + asked.stderr
        return asked

    brokers.wait(lambda: "brokers: 3 at" in ask(BINARY, "kafka", "check").stdout)
    made = ask(*make)
    assert made.returncode == 0, made.stdout + made.stderr
    assert all(f"made: wagewatch.{topic}\n" in made.stdout for topic in TOPICS), made.stdout
    again = ask(*make)
    assert again.returncode == 0 and again.stdout.count("good: ") >= len(TOPICS) and "made: " not in again.stdout, again.stdout


class Instance(Service):
    """One of the compose file, its address for the others being this machine's."""

    def __init__(self, name, folder, brokers, key, collector):
        super().__init__(BINARY, f"{folder}/{name}")
        own = settings(name, brokers, key)
        own["WAGEWATCH__CLUSTER__ADVERTISE"] = f"127.0.0.1:{self.grpc}"
        # On loopback nobody is asked for his name.
        for file in ("TOKEN_FILE", "AUTHORITY"):
            own.pop(f"WAGEWATCH__CLUSTER__{file}")
        own |= {"WAGEWATCH__TELEMETRY__OTLP_ENDPOINT": f"http://127.0.0.1:{collector.port}", "WAGEWATCH__TELEMETRY__SAMPLE_RATIO": "0"}
        own["WAGEWATCH__ENGINE__MEMORY_BYTES"] = "268435456"
        named = {variable[len("WAGEWATCH__"):].lower().replace("__", "."): value for variable, value in own.items()}
        self.settings = named


def sent(method, request, metadata=()):
    """As every client does it: what is moving is sent again."""
    answers = []

    def is_answered():
        try:
            answers.append(method(request, timeout=PATIENCE, metadata=metadata))
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.UNAVAILABLE, error
        return answers

    until("answered", is_answered)
    return answers[0]


def standing(instance):
    """The rules of what stands; nothing while the instance asks to come again."""
    request = alert_service_pb2.ListRequest(filter=alert_service_pb2.AlertFilter(project_ids=[PROJECT], include_rolled_up=True))
    try:
        return {alert.rule for alert in instance.alerts.List(request, timeout=PATIENCE).alerts}
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.UNAVAILABLE, error
        return None


def are_told(instances, wanted):
    """Whether all of them say, or none of them any more says, that the worker is not paid."""
    told = [standing(one) for one in instances]
    return all(rules is not None and (alerts_pb2.RULE_WAGE_UNPAID in rules) == wanted for rules in told)


def served(prometheus):
    answer = prometheus.ask('sum(wagewatch_kafka_partitions{stage="serving"})')
    return bool(answer) and float(answer[0]["value"][1]) == PARTITIONS


def asked(prometheus):
    """Every query that rests on Kafka is answered by the running cluster."""
    panels, rules = ([one for one in of if "kafka" in one[1]] for of in (queries.dashboards(), queries.rules()))
    assert len(panels) + len(rules) > 30, (len(panels), len(rules))
    answered(prometheus, panels, rules)


def traced(instances, collector):
    """A trace goes with the records through the topics to whoever takes them, and with the alert to another instance's subscriber."""
    first, second, _ = instances
    watched, _, metadata = begin()
    told = second.alerts.Subscribe(alert_service_pb2.SubscribeRequest(changes_only=True), timeout=PATIENCE, metadata=metadata)
    until("subscribed", lambda: "wagewatch.v1.AlertService/Subscribe" in collector.of(watched))
    trace, span, metadata = begin()
    request = intake_service_pb2.SubmitRequest(ndjson=lines([payment(7, 1000)]))
    sent(first.intake.Submit, request, metadata)
    wanted = ["wagewatch.v1.IntakeService/Submit", "intake.batch", "kafka.take"]
    until("taken", lambda: {*wanted, "kafka.write"} <= set(collector.of(trace)), lambda: list(collector.of(trace)))
    spans, parent = collector.of(trace), {span}
    for name in wanted:
        assert any(one.parent_span_id.hex() in parent for one in spans[name]), (name, spans)
        parent = {one.span_id.hex() for one in spans[name]}
    assert next(event for event in told if event.WhichOneof("event") == "alerts").alerts.events
    told.cancel()
    linked = lambda: {link.trace_id.hex() for one in collector.of(watched).get("alerts.send", []) for link in one.links}
    until("linked to the cause", lambda: trace in linked(), linked)
    assert not any("152722" in str(one) for _, one in collector.spans), "a person in a span"


def runs(instances, folder, collector):
    """A record given to one is an alert at another; one that dies is replaced, and what it was told stands."""
    first, second, third = instances
    taken = sent(first.intake.Submit, intake_service_pb2.SubmitRequest(ndjson=lines(days_without_pay()))).verdicts
    # Sent again, some of them may be known already.
    known = (intake_service_pb2.Verdict.CODE_ACCEPTED, intake_service_pb2.Verdict.CODE_DUPLICATE)
    assert len(taken) == len(days_without_pay()) and all(verdict.code in known for verdict in taken), taken
    for date in ("2026-03-31", "2026-05-20"):
        sent(second.admin.SetBusinessDate, admin_service_pb2.SetBusinessDateRequest(business_date=date))
    prometheus = Prometheus(folder, *(f"127.0.0.1:{one.http}" for one in instances))
    try:
        prometheus.wait("told by all", lambda: are_told(instances, True))
        prometheus.wait("served whole", lambda: served(prometheus))
        for recorded in ("job:wagewatch_kafka_partitions_served:sum", "instance:wagewatch_kafka_transactions_aborted:ratio15m"):
            prometheus.wait(f"recorded: {recorded}", lambda: prometheus.ask(recorded))
        asked(prometheus)
        traced(instances, collector)
        assert third.stop(signal.SIGKILL) == -signal.SIGKILL
        gone = f'up{{instance="127.0.0.1:{third.http}"}} == 0'
        prometheus.wait("missed", lambda: prometheus.ask(gone))
        prometheus.wait("served whole by two", lambda: served(prometheus))
        sent(second.intake.Submit, intake_service_pb2.SubmitRequest(ndjson=lines([payment(1, 440000)])))
        prometheus.wait("paid", lambda: are_told((first, second), False))
        firing = {one["labels"]["alertname"] for one in prometheus.get("alerts")["alerts"] if one["state"] == "firing"}
        assert not any(name.startswith("WagewatchKafka") for name in firing), firing
    finally:
        prometheus.process.terminate()
        prometheus.process.wait(PATIENCE)
    for one in (first, second):
        assert one.stop(signal.SIGTERM) == 0, "SIGTERM ends it well"


with tempfile.TemporaryDirectory() as folder:
    key = pathlib.Path(folder, "key")
    key.write_text("ab" * 32)
    brokers, instances = Brokers(SERVICES, folder), []
    try:
        topics(brokers, str(key))
        if SERVES:
            names = [name for name, one in SERVICES.items() if "WAGEWATCH__CLUSTER__NAME" in one.get("environment", {})]
            collector = Collector()
            collector.start()
            instances = [Instance(name, folder, brokers, str(key), collector) for name in names]
            for one in instances:
                one.start()
            runs(instances, folder, collector)
    finally:
        for one in (one for one in instances if hasattr(one, "process")):
            one.process.kill()
        brokers.stop()
print(f"good: three brokers and the topics of the compose file; {'three instances on them' if SERVES else 'no instance: `serve` does not run on Kafka yet'}")
