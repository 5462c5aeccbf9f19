"""A client in another language, against a service that is running: records of every fate in, alerts out,
a cut in the middle, the worker's ledger, health and reflection.

    python client.py --addr HOST:PORT     (stubs made from proto/ on PYTHONPATH, grpcio; manual clock)

Says one line a step. Ends with 0 when all holds, with 1 and the reason when something does not. Every wait
has an end. The data folder need not be empty: each run has a project and a worker of its own.
"""

import argparse
import json
import os
import sys
import time

import grpc

from wagewatch.v1 import (
    admin_service_pb2,
    admin_service_pb2_grpc,
    alert_service_pb2,
    alert_service_pb2_grpc,
    alerts_pb2,
    intake_service_pb2,
    intake_service_pb2_grpc,
    ledger_pb2,
    ledger_service_pb2,
    ledger_service_pb2_grpc,
)

PATIENCE = 60
SERVICES = ["IntakeService", "AlertService", "LedgerService", "AdminService"]
CODE = intake_service_pb2.Verdict
DAY_FEN, DAYS = 30_000, 10


class Wrong(Exception):
    """Something does not hold."""


def expect(what, got, want):
    if got != want:
        raise Wrong(f"{what}: expected {want!r}, found {got!r}")


def id_number(sequence):
    """A made-up resident identity number with its GB 11643 check character."""
    digits = f"15062119850607{sequence % 1000:03}"
    weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    return digits + "10X98765432"[sum(int(d) * w for d, w in zip(digits, weights)) % 11]


class Client:
    def __init__(self, addr):
        self.addr = addr
        self.run = f"{time.time_ns():x}-{os.getpid()}"
        self.project = f"client-{self.run}"
        self.worker = id_number(time.time_ns() // 1000 + os.getpid())
        self.card = f"6217{time.time_ns() % 10**15:015}"
        self.connect()

    def connect(self):
        self.channel = grpc.insecure_channel(self.addr)
        grpc.channel_ready_future(self.channel).result(timeout=PATIENCE)
        self.intake = intake_service_pb2_grpc.IntakeServiceStub(self.channel)
        self.alerts = alert_service_pb2_grpc.AlertServiceStub(self.channel)
        self.ledger = ledger_service_pb2_grpc.LedgerServiceStub(self.channel)
        self.admin = admin_service_pb2_grpc.AdminServiceStub(self.channel)

    def record(self, kind, name, **fields):
        return {"type": kind, "id": f"{kind}-{name}-{self.run}", "source": "client",
                "at": "2026-03-31T10:00:00+08:00", **fields}

    def of_worker(self, kind, name, **fields):
        return self.record(kind, name, project_id=self.project, id_number=self.worker, **fields)

    def work(self):
        terms = self.of_worker("enrolment", 1, name="张三", employer_name="分包", basis="daily", rate_fen=DAY_FEN,
                               effective_on="2026-03-01", account=self.card)
        days = [self.of_worker("attendance", d, work_date=f"2026-03-{d:02}", days=1) for d in range(1, DAYS + 1)]
        return [terms, *days]

    def payment(self, name, fen, **fields):
        return self.of_worker("payment", name, bank="ICBC", txn_id=f"{name}-{self.run}", account="05370101040012345",
                              payee_account=self.card, period="2026-03", amount_fen=fen, status="settled",
                              settled_at="2026-05-20T10:00:00+08:00", **fields)

    def submit(self, records):
        text = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records)
        request = intake_service_pb2.SubmitRequest(ndjson=text.encode())
        return list(self.intake.Submit(request, timeout=PATIENCE).verdicts)

    def codes(self, records):
        return [verdict.code for verdict in self.submit(records)]

    def subscribe(self, cursor):
        filter = alert_service_pb2.AlertFilter(project_ids=[self.project], include_rolled_up=True)
        request = alert_service_pb2.SubscribeRequest(cursor=cursor, filter=filter)
        return self.alerts.Subscribe(request, timeout=PATIENCE)

    def follow(self, cursor, enough):
        """Events from the cursor until there is enough, and the cursor to come back with. Cuts the stream."""
        events, call = [], self.subscribe(cursor)
        for message in call:
            kind = message.WhichOneof("event")
            if kind == "reset" and cursor:
                raise Wrong("the service could not resume from a fresh cursor")
            events.extend(message.alerts.events)
            cursor = message.cursor or cursor
            if enough(kind, events):
                call.cancel()
                return events, cursor
        raise Wrong("the stream ended early")

    def ledger_of_worker(self):
        request = ledger_service_pb2.GetWorkerLedgerRequest(project_id=self.project, id_number=self.worker)
        return self.ledger.GetWorkerLedger(request, timeout=PATIENCE)


def health(client):
    # HealthCheckRequest{} is no bytes; HealthCheckResponse{status: SERVING} is field 1 = 1.
    check = client.channel.unary_unary("/grpc.health.v1.Health/Check")
    expect("health of the server", check(b"", timeout=PATIENCE), b"\x08\x01")
    try:
        check(b"\x0a\x07nothing", timeout=PATIENCE)
        raise Wrong("health answers for a service that there is not")
    except grpc.RpcError as error:
        expect("health of an unknown service", error.code(), grpc.StatusCode.NOT_FOUND)


def reflection(client):
    for version in ("v1", "v1alpha"):
        path = f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo"
        # ServerReflectionRequest{list_services: "*"} is field 7, one character.
        answers = list(client.channel.stream_stream(path)(iter([b"\x3a\x01*"]), timeout=PATIENCE))
        for service in SERVICES:
            if f"wagewatch.v1.{service}".encode() not in b"".join(answers):
                raise Wrong(f"reflection {version} does not list wagewatch.v1.{service}")


def intake(client):
    work = client.work()
    expect("first time", client.codes(work), [CODE.CODE_ACCEPTED] * len(work))
    expect("second time", client.codes(work), [CODE.CODE_DUPLICATE] * len(work))
    wrong_check = {**work[1], "id": "x" + client.run, "id_number": client.worker[:-1] + "?"}
    cases = [
        (wrong_check, "id_number"),
        ({**work[1], "id": "y" + client.run, "work_date": "2026-02-30"}, "work_date"),
        ({**work[1], "id": "z" + client.run, "type": "nonsense"}, "type"),
        ({**work[1], "id": "w" + client.run, "days": 3.5}, "days"),
    ]
    verdicts = client.submit([bad for bad, _ in cases] + [work[0]])
    expect("bad records and one known", [v.code for v in verdicts],
           [CODE.CODE_REJECTED] * len(cases) + [CODE.CODE_DUPLICATE])
    for verdict, (_, field) in zip(verdicts, cases):
        expect("the field at fault", verdict.reason.field, field)
        if not verdict.reason.expected:
            raise Wrong(f"the reason for {field} does not say what was expected")
        if client.worker in str(verdict):
            raise Wrong("a reason shows an identity number")
    first = client.payment("conflict", 100)
    expect("a payment", client.codes([{**first, "status": "returned"}]), [CODE.CODE_ACCEPTED])
    conflict = client.submit([{**first, "id": "v" + client.run, "amount_fen": 101}])
    expect("the same payment with another amount", [v.code for v in conflict], [CODE.CODE_REJECTED])
    expect("the field in conflict", conflict[0].reason.field, "amount_fen")


def to_date(client, date):
    request = admin_service_pb2.SetBusinessDateRequest(business_date=date)
    try:
        expect("the business date", client.admin.SetBusinessDate(request, timeout=PATIENCE).business_date, date)
    except grpc.RpcError as error:
        raise Wrong(f"the clock cannot be set: {error.code().name} {error.details()}") from error


def ledger(client, paid_fen, status):
    answer = client.ledger_of_worker()
    expect("days in the ledger", float(answer.worker.days), float(DAYS))
    [period] = answer.worker.periods
    got = (period.period, period.wage.accrued_fen, period.wage.paid_fen, period.status)
    expect("the month in the ledger", got, ("2026-03", DAY_FEN * DAYS, paid_fen, status))
    unknown = ledger_service_pb2.GetWorkerLedgerRequest(project_id="no-such-project", id_number=client.worker)
    try:
        client.ledger.GetWorkerLedger(unknown, timeout=PATIENCE)
        raise Wrong("there is a ledger for a project that there is not")
    except grpc.RpcError as error:
        expect("an unknown project", error.code(), grpc.StatusCode.NOT_FOUND)


def changes(events, rule):
    return [event.change for event in events if event.alert.rule == rule]


def cut_and_resume(client):
    """No loss and no doubles: what one subscriber sees in pieces is what another sees in one."""
    unpaid, underpaid = alerts_pb2.RULE_WAGE_UNPAID, alerts_pb2.RULE_WAGE_UNDERPAID
    events, cursor = client.follow("", lambda kind, _: kind == "snapshot_complete")
    expect("open wage alerts", [e.alert.amount_fen for e in events if e.alert.rule == unpaid], [DAY_FEN * DAYS])
    if client.worker in str(events):
        raise Wrong("alerts show an identity number")
    start, seen = cursor, []

    # Cut after every payment, most of the time before its change has come; on a new connection each time.
    for part in (1, 2, 3):
        expect("a part of the wage", client.codes([client.payment(f"part{part}", DAY_FEN)]), [CODE.CODE_ACCEPTED])
        client.channel.close()
        client.connect()
        # The rest of what has come: one batch, or two.
        got, cursor = client.follow(cursor, lambda _, events: len(events) >= 1)
        seen.extend(got)
    rest = DAY_FEN * (DAYS - 3)
    expect("the rest of the wage", client.codes([client.payment("rest", rest)]), [CODE.CODE_ACCEPTED])
    done = lambda _, events: all(
        alerts_pb2.CHANGE_RESOLVED in changes(events, rule) for rule in (underpaid, alerts_pb2.RULE_PROJECT_ARREARS)
    )
    got, cursor = client.follow(cursor, done)
    seen.extend(got)

    numbers = [(event.shard, event.seq) for event in seen]
    expect("doubles", len(numbers) - len(set(numbers)), 0)
    whole, _ = client.follow(start, done)
    # Batches may be cut elsewhere: compare up to the end of the shorter one.
    wanted = [(event.shard, event.seq) for event in whole]
    count = min(len(numbers), len(wanted))
    expect("the same changes in one piece", numbers[:count], wanted[:count])
    expect("changes of the unpaid wage", changes(seen, unpaid), [alerts_pb2.CHANGE_RESOLVED])
    got = changes(seen, underpaid)
    expect("the underpaid wage", (got[0], got[-1]), (alerts_pb2.CHANGE_RAISED, alerts_pb2.CHANGE_RESOLVED))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--addr", required=True, metavar="HOST:PORT")
    parser.add_argument("--date", default="2026-05-20", help="business date on which the wage is overdue")
    args = parser.parse_args()
    steps = [
        ("health", health),
        ("reflection", reflection),
        ("intake", intake),
        ("business date", lambda client: to_date(client, args.date)),
        ("ledger before", lambda client: ledger(client, 0, ledger_pb2.PERIOD_STATUS_OVERDUE)),
        ("cut and resume", cut_and_resume),
        ("ledger after", lambda client: ledger(client, DAY_FEN * DAYS, ledger_pb2.PERIOD_STATUS_PAID)),
    ]
    step = "connect"
    try:
        client = Client(args.addr)
        for step, act in steps:
            act(client)
            print(f"good: {step}", flush=True)
    except Wrong as wrong:
        print(f"wrong: {step}: {wrong}", file=sys.stderr)
        return 1
    except (grpc.RpcError, grpc.FutureTimeoutError) as error:
        print(f"wrong: {step}: {error!r}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
