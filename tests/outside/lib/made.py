"""A made-up worker who is not paid, as records: what the tests send."""

import json

PROJECT, WORKER, ACCOUNT = "P1", "152722199001010019", "62220000000000017"


def record(kind, number, **fields):
    return {"type": kind, "id": f"{kind}-{number}", "source": "outside", "at": "2026-03-31T10:00:00+08:00", **fields}


def days_without_pay():
    enrolment = record(
        "enrolment", 1, project_id=PROJECT, id_number=WORKER, name="Wang", employer_name="Firm", basis="daily",
        rate_fen=40000, effective_on="2026-03-01", account=ACCOUNT,
    )
    days = [
        record("attendance", d, project_id=PROJECT, id_number=WORKER, work_date=f"2026-03-{d:02}", days=1)
        for d in range(1, 11)
    ]
    return [enrolment, *days]


def payment(number, fen):
    return record(
        "payment", number, bank="icbc", txn_id=f"t{number}", account="62220000000000099", payee_account=ACCOUNT,
        id_number=WORKER, project_id=PROJECT, period="2026-03", amount_fen=fen,
        settled_at="2026-05-20T10:00:00+08:00", status="settled",
    )


def lines(records):
    return "".join(json.dumps(r) + "\n" for r in records).encode()
