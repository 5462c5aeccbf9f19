"""A real Prometheus scrapes the real program: every query of the dashboards and rules under deploy/ is asked, and
every metric, matcher and label in it must be one that the running program has. No alert may fire on a good day.

Run by `./test outside`, which names prometheus.
"""

import re
import sys
import tempfile

from lib import queries
from lib.made import ACCOUNT, PROJECT, WORKER, days_without_pay, lines, payment, record
from lib.scraper import Prometheus, answered, check
from lib.service import PATIENCE, run
from wagewatch.v1 import admin_service_pb2, alert_service_pb2, alerts_pb2, intake_service_pb2


def checker_sees(prometheus):
    """The judge is judged: each of these is wrong in one way."""
    for expr, word in [
        ("sum(rate(wagewatch_records_totals[1m]))", "nothing is selected"),
        ('wagewatch_records_total{verdict="refused"}', "nothing is selected"),
        ("sum by (colour) (wagewatch_open_alerts)", "no such label"),
        ("sum(wagewatch_ready", "query"),
        ("time()", "reads no metric"),
    ]:
        found = check(prometheus, "made up", expr)
        assert any(word in one for one in found), (expr, found)
    assert not check(prometheus, "made up", 'sum by (level) (wagewatch_open_alerts{rule=~"wage-.*"})', "{{level}}")


def submit(service, records):
    request = intake_service_pb2.SubmitRequest(ndjson=lines(records))
    return [verdict.code for verdict in service.intake.Submit(request, timeout=PATIENCE).verdicts]


def drive(service):
    """A little of everything that is counted."""
    code = intake_service_pb2.Verdict
    records = days_without_pay()
    assert submit(service, records) == [code.CODE_ACCEPTED] * len(records)
    assert submit(service, records[:2]) == [code.CODE_DUPLICATE] * 2
    wrong = {**records[1], "id": "wrong", "days": 9}
    personal = {**record("attendance", "p", project_id=PROJECT, id_number=WORKER, work_date="2026-03-20", days=1), "source": WORKER}
    assert submit(service, [wrong, personal]) == [code.CODE_REJECTED, code.CODE_ACCEPTED]
    for date in ("2026-03-31", "2026-05-20"):
        request = admin_service_pb2.SetBusinessDateRequest(business_date=date)
        service.admin.SetBusinessDate(request, timeout=PATIENCE)
    filter = alert_service_pb2.AlertFilter(project_ids=[PROJECT], include_rolled_up=True)
    listed = service.alerts.List(alert_service_pb2.ListRequest(filter=filter), timeout=PATIENCE).alerts
    [wage] = [alert for alert in listed if alert.rule == alerts_pb2.RULE_WAGE_UNPAID]
    service.alerts.Act(
        alert_service_pb2.ActRequest(alert_id=wage.id, act_id="a", actor="office", acknowledge=alert_service_pb2.Acknowledge()),
        timeout=PATIENCE,
    )
    assert submit(service, [payment(1, 440000)]) == [code.CODE_ACCEPTED]


def counted(service):
    """By hand: what was sent stands in the metrics under its source and bank, and no person's number does."""
    _, text = service.get("/metrics")
    for line in [
        'wagewatch_source_records_total{source="outside",verdict="accepted"} 12',
        'wagewatch_source_records_total{source="outside",verdict="duplicate"} 2',
        'wagewatch_source_records_total{source="outside",verdict="rejected"} 1',
        'wagewatch_source_records_total{source="other",verdict="accepted"} 1',
        'wagewatch_bank_payments_total{bank="icbc",verdict="accepted"} 1',
        'wagewatch_typed_records_total{type="attendance",verdict="accepted"} 11',
    ]:
        assert line in text.splitlines(), f"{line}\n{text}"
    assert WORKER not in text and ACCOUNT not in text
    for name in ("acknowledged", "resolved"):
        counts = re.findall(rf'wagewatch_alert_{name}_after_seconds_count\{{level="\w+"\}} (\d+)', text)
        assert sum(map(int, counts)) > 0, f"nothing was {name}"


def healths(prometheus):
    return {rule["name"]: rule["health"] for group in prometheus.get("rules")["groups"] for rule in group["rules"]}


def scenario(service):
    drive(service)
    counted(service)
    with tempfile.TemporaryDirectory() as folder:
        prometheus = Prometheus(folder, f"127.0.0.1:{service.http}")
        try:
            prometheus.wait("scraped", lambda: prometheus.ask("wagewatch_ready == 1"))
            # Rates need two scrapes between which something happened.
            submit(service, [payment(2, 100), {**payment(3, 100), "amount_fen": -1}])
            prometheus.wait("ruled", lambda: prometheus.ask("source:wagewatch_records_rejected:ratio1h"))
            prometheus.wait("rated", lambda: prometheus.ask("sum(rate(wagewatch_records_total[1m])) > 0"))
            checker_sees(prometheus)
            panels, rules = queries.dashboards(), queries.rules()
            assert len(panels) > 50 and len(rules) > 20, (len(panels), len(rules))
            answered(prometheus, panels, rules)
            prometheus.wait("each rule tried", lambda: "unknown" not in healths(prometheus).values())
            sick = [rule for rule, health in healths(prometheus).items() if health != "ok"]
            assert healths(prometheus) and not sick, sick
            # The clock is set by hand: its date is long past, and that is seen.
            alerts = prometheus.get("alerts")["alerts"]
            firing = {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}
            assert firing <= {"WagewatchDateBehind"}, firing
        finally:
            prometheus.process.terminate()
            prometheus.process.wait(PATIENCE)


with tempfile.NamedTemporaryFile("w", suffix=".toml") as shadow:
    shadow.write('version = "shadow"\n')
    shadow.flush()
    run(sys.argv[1], scenario, settings={"files.shadow_rulebook": shadow.name})
print("good: every query of the dashboards and rules is answered by what the program tells")
