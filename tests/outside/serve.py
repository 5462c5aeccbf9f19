"""A client in another language against the real program: submits, subscribes, is cut off, comes back.

Run by `./test outside`, which makes the stubs from proto/ and names promtool. Every wait has an end.
"""

import os
import pathlib
import signal
import subprocess
import sys

import grpc

from wagewatch.v1 import (
    admin_service_pb2,
    alert_service_pb2,
    alerts_pb2,
    intake_service_pb2,
    ledger_service_pb2,
)

from lib.made import ACCOUNT, PROJECT, WORKER, days_without_pay, lines, payment, record
from lib.service import PATIENCE, run

VERDICT = intake_service_pb2.Verdict


def submit(service, records):
    request = intake_service_pb2.SubmitRequest(ndjson=lines(records))
    return [verdict.code for verdict in service.intake.Submit(request, timeout=PATIENCE).verdicts]


def follow(service, cursor, until):
    """Handles messages until one satisfies `until`; the events, and the cursor to come back with."""
    events = []
    filter = alert_service_pb2.AlertFilter(include_rolled_up=True)
    request = alert_service_pb2.SubscribeRequest(cursor=cursor, filter=filter)
    call = service.alerts.Subscribe(request, timeout=PATIENCE)
    for message in call:
        assert message.WhichOneof("event") != "reset" or not cursor, "changes since the cursor were lost"
        events.extend(message.alerts.events)
        cursor = message.cursor
        if until(message, events):
            break
    else:
        raise AssertionError("the stream ended early")
    call.cancel()
    return events, cursor


def changes(events, rule):
    return [event.change for event in events if event.alert.rule == rule]


def scenario(service):
    # Records in, each with its verdict; the second time nothing is new.
    records = days_without_pay()
    assert submit(service, records) == [VERDICT.CODE_ACCEPTED] * 11
    assert submit(service, records) == [VERDICT.CODE_DUPLICATE] * 11
    answer = service.intake.Submit(
        intake_service_pb2.SubmitRequest(ndjson=b'{"type":"attendance"\n' + lines(records[:1])), timeout=PATIENCE
    )
    assert [v.code for v in answer.verdicts] == [VERDICT.CODE_REJECTED, VERDICT.CODE_DUPLICATE]
    assert answer.verdicts[0].reason.code == "syntax", answer.verdicts[0].reason

    # Nothing is due in March; on 20 May it is.
    for date in ("2026-03-31", "2026-05-20"):
        request = admin_service_pb2.SetBusinessDateRequest(business_date=date)
        assert service.admin.SetBusinessDate(request, timeout=PATIENCE).business_date == date
    try:
        service.admin.SetBusinessDate(
            admin_service_pb2.SetBusinessDateRequest(business_date="2026-05-19"), timeout=PATIENCE
        )
        raise AssertionError("a date that jumps back was taken")
    except grpc.RpcError as refused:
        assert refused.code() == grpc.StatusCode.FAILED_PRECONDITION, refused

    unpaid = alerts_pb2.RULE_WAGE_UNPAID
    complete = lambda message, events: message.WhichOneof("event") == "snapshot_complete"
    events, cursor = follow(service, "", complete)
    wages = [event.alert for event in events if event.alert.rule == unpaid]
    assert [wage.amount_fen for wage in wages] == [400000], wages
    assert WORKER not in str(events), "identity numbers are masked"

    # Cut off by a crash; what happens meanwhile is there on coming back, once.
    assert submit(service, [payment(1, 100000)]) == [VERDICT.CODE_ACCEPTED]
    service.stop(signal.SIGKILL)
    service.start()
    assert submit(service, [payment(2, 300000)]) == [VERDICT.CODE_ACCEPTED]
    underpaid = alerts_pb2.RULE_WAGE_UNDERPAID
    resolved = lambda message, events: alerts_pb2.CHANGE_RESOLVED in changes(events, underpaid)
    events, cursor = follow(service, cursor, resolved)
    assert changes(events, unpaid) == [alerts_pb2.CHANGE_RESOLVED], events
    assert changes(events, underpaid) == [alerts_pb2.CHANGE_RAISED, alerts_pb2.CHANGE_RESOLVED], events
    numbers = [(event.shard, event.seq) for event in events]
    assert len(numbers) == len(set(numbers)), numbers

    # The rejected line was kept through the crash.
    letters = service.ledger.ListDeadLetters(ledger_service_pb2.ListDeadLettersRequest(), timeout=PATIENCE)
    assert [letter.reason.code for letter in letters.dead_letters] == ["syntax"], letters


def stream(service):
    """Both ways at once: every batch is answered under its own number, in order."""
    def batches():
        for number in range(1, 6):
            one = record("attendance", f"s{number}", project_id=PROJECT, id_number=WORKER,
                         work_date=f"2026-04-{number:02}", days=1)
            yield intake_service_pb2.SubmitStreamRequest(sequence=number, ndjson=lines([one]))

    answers = list(service.intake.SubmitStream(batches(), timeout=PATIENCE))
    assert [answer.sequence for answer in answers] == [1, 2, 3, 4, 5], answers
    assert all(v.code == VERDICT.CODE_ACCEPTED for answer in answers for v in answer.verdicts), answers


def metrics(service):
    status, text = service.get("/metrics")
    assert status == 200 and "wagewatch_" in text, text[:200]
    assert WORKER not in text and ACCOUNT not in text
    checked = subprocess.run([os.environ["PROMTOOL"], "check", "metrics"], input=text, text=True, capture_output=True)
    assert checked.returncode == 0 and not checked.stderr.strip(), checked.stderr
    assert service.get("/livez")[0] == 200

    # The manual lists every metric that the program has shown by now.
    kinds = dict(line.split()[2:4] for line in text.splitlines() if line.startswith("# TYPE wagewatch_"))
    manual = pathlib.Path("docs/metrics.md").read_text()
    named = {line.split("`")[1] for line in manual.splitlines() if line.startswith("| `")}
    missing = sorted(kinds.keys() - named)
    assert not missing, f"docs/metrics.md lacks {missing}"


run(sys.argv[1], scenario, stream, metrics)
print("good: submit, crash, come back, stream, metrics, stop")
