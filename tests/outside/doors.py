"""A client in another language at every door: health, reflection, rejected records and their fields, dead
letters, the worker's ledger before and after payment, alerts listed, looked at and acted on.

Run by `./test outside`. The figures are worked out here, by hand.
"""

import json
import sys
import time

import grpc

from wagewatch.v1 import admin_service_pb2, alert_service_pb2, alerts_pb2, intake_service_pb2, ledger_pb2, ledger_service_pb2

from lib.service import PATIENCE, run

SERVICES = ["IntakeService", "AlertService", "LedgerService", "AdminService", "AuditService"]
CODE = intake_service_pb2.Verdict
PROJECT, WORKER, CARD = "P1", "152722199001010019", "6217000000000000017"
DAY_FEN, DAYS = 30_000, 10


def expect(what, got, want):
    assert got == want, f"{what}: expected {want!r}, found {got!r}"


def refused(what, code, call):
    try:
        call()
    except grpc.RpcError as error:
        expect(what, error.code(), code)
    else:
        raise AssertionError(f"{what}: was not refused")


def record(kind, number, **fields):
    return {"type": kind, "id": f"{kind}-{number}", "source": "client", "at": "2026-03-31T10:00:00+08:00",
            "project_id": PROJECT, "id_number": WORKER, **fields}


def work():
    terms = record("enrolment", 1, name="张三", employer_name="分包", basis="daily", rate_fen=DAY_FEN,
                   effective_on="2026-03-01", account=CARD)
    days = [record("attendance", d, work_date=f"2026-03-{d:02}", days=1) for d in range(1, DAYS + 1)]
    return [terms, *days]


def payment(name, fen, **fields):
    return {**record("payment", name, bank="ICBC", txn_id=name, account="05370101040012345", payee_account=CARD,
                     period="2026-03", amount_fen=fen, status="settled", settled_at="2026-05-20T10:00:00+08:00"), **fields}


def submit(service, records):
    text = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records)
    return list(service.intake.Submit(intake_service_pb2.SubmitRequest(ndjson=text.encode()), timeout=PATIENCE).verdicts)


def health(service):
    # HealthCheckRequest{} is no bytes; HealthCheckResponse{status: SERVING} is field 1 = 1.
    check = service.channel.unary_unary("/grpc.health.v1.Health/Check")
    ends = time.monotonic() + PATIENCE
    # Health follows the engine a moment after /readyz.
    while check(b"", timeout=PATIENCE) != b"\x08\x01":
        assert time.monotonic() < ends, "the server does not say that it serves"
        time.sleep(0.05)
    refused("health of no service", grpc.StatusCode.NOT_FOUND, lambda: check(b"\x0a\x07nothing", timeout=PATIENCE))


def reflection(service):
    for version in ("v1", "v1alpha"):
        path = f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo"
        # ServerReflectionRequest{list_services: "*"} is field 7, one character.
        answers = list(service.channel.stream_stream(path)(iter([b"\x3a\x01*"]), timeout=PATIENCE))
        for name in SERVICES:
            assert f"wagewatch.v1.{name}".encode() in b"".join(answers), f"reflection {version} lacks {name}"


def rejected(service):
    known = work()
    expect("first time", [v.code for v in submit(service, known)], [CODE.CODE_ACCEPTED] * len(known))
    day = known[1]
    cases = [
        ({**day, "id": "x", "id_number": WORKER[:-1] + "?"}, "id_number"),
        ({**day, "id": "y", "work_date": "2026-02-30"}, "work_date"),
        ({**day, "id": "z", "type": "nonsense"}, "type"),
        ({**day, "id": "w", "days": 3.5}, "days"),
    ]
    first = payment("t1", 100, status="returned")
    expect("a payment", [v.code for v in submit(service, [first])], [CODE.CODE_ACCEPTED])
    # The same transfer with another amount: valid, and in conflict with what is known.
    cases.append(({**first, "id": "v", "status": "settled", "amount_fen": 101}, "amount_fen"))
    for (bad, field), verdict in zip(cases, submit(service, [bad for bad, _ in cases])):
        expect(f"a wrong {field}", (verdict.code, verdict.reason.field), (CODE.CODE_REJECTED, field))
        assert verdict.reason.expected, f"the reason for {field} does not say what was expected"
        assert WORKER not in str(verdict), "a reason shows an identity number"

    letters = service.ledger.ListDeadLetters(ledger_service_pb2.ListDeadLettersRequest(), timeout=PATIENCE).dead_letters
    expect("dead letters", [letter.record_id for letter in letters], [bad["id"] for bad, _ in cases])
    expect("their fields", [letter.reason.field for letter in letters], [field for _, field in cases])
    assert WORKER not in str(letters) and CARD not in str(letters), "dead letters show numbers"
    raw = json.loads(letters[-1].raw)
    expect("the conflict as JSON", (raw["type"], raw["amount_fen"], raw["id_number"]), ("payment", 101, "152722********0019"))


def ledger(service, paid_fen, status):
    request = ledger_service_pb2.GetWorkerLedgerRequest(project_id=PROJECT, id_number=WORKER)
    worker = service.ledger.GetWorkerLedger(request, timeout=PATIENCE).worker
    expect("days", float(worker.days), float(DAYS))
    [month] = worker.periods
    got = (month.period, month.wage.accrued_fen, month.wage.paid_fen, month.status)
    expect("the month", got, ("2026-03", DAY_FEN * DAYS, paid_fen, status))
    request = ledger_service_pb2.GetProjectRequest(project_id=PROJECT)
    summary = service.ledger.GetProject(request, timeout=PATIENCE).summary
    overdue = int(status == ledger_pb2.PERIOD_STATUS_OVERDUE)
    expect("the project", (summary.project_id, summary.workers, summary.overdue_workers), (PROJECT, 1, overdue))
    nowhere = ledger_service_pb2.GetWorkerLedgerRequest(project_id="nowhere", id_number=WORKER)
    refused("no project", grpc.StatusCode.NOT_FOUND, lambda: service.ledger.GetWorkerLedger(nowhere, timeout=PATIENCE))


def act(service, alert):
    request = alert_service_pb2.ActRequest(
        alert_id=alert.id, act_id="act-1", actor="office", acknowledge=alert_service_pb2.Acknowledge()
    )
    for duplicate in (False, True):
        answer = service.alerts.Act(request, timeout=PATIENCE)
        expect("acknowledged", (answer.duplicate, answer.alert.status), (duplicate, alerts_pb2.ALERT_STATUS_ACKNOWLEDGED))


def ledgers_and_alerts(service):
    request = admin_service_pb2.SetBusinessDateRequest(business_date="2026-05-20")
    service.admin.SetBusinessDate(request, timeout=PATIENCE)
    ledger(service, 0, ledger_pb2.PERIOD_STATUS_OVERDUE)

    filter = alert_service_pb2.AlertFilter(project_ids=[PROJECT], include_rolled_up=True)
    listed = service.alerts.List(alert_service_pb2.ListRequest(filter=filter), timeout=PATIENCE).alerts
    [wage] = [alert for alert in listed if alert.rule == alerts_pb2.RULE_WAGE_UNPAID]
    expect("the unpaid wage", wage.amount_fen, DAY_FEN * DAYS)
    assert WORKER not in str(listed), "alerts show an identity number"
    got = service.alerts.Get(alert_service_pb2.GetRequest(id=wage.id), timeout=PATIENCE).alert
    expect("one alert", (got.id, got.amount_fen), (wage.id, wage.amount_fen))
    refused("no alert", grpc.StatusCode.NOT_FOUND,
            lambda: service.alerts.Get(alert_service_pb2.GetRequest(id="none"), timeout=PATIENCE))
    act(service, wage)

    expect("the wage", [v.code for v in submit(service, [payment("t2", DAY_FEN * DAYS)])], [CODE.CODE_ACCEPTED])
    ledger(service, DAY_FEN * DAYS, ledger_pb2.PERIOD_STATUS_PAID)


run(sys.argv[1], health, reflection, rejected, ledgers_and_alerts)
print("good: health, reflection, rejected records, dead letters, ledger, alerts")
