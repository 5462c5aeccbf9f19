"""Every alerting rule says whom it wakes and where its runbook is; the runbook is there, and so is a test of the rule."""

import pathlib
import re

import yaml

RULES, TESTS = pathlib.Path("deploy/prometheus/rules"), pathlib.Path("deploy/prometheus/tests")
RUNBOOKS = pathlib.Path("docs/runbooks.md").read_text()
PARTS = ["**Means**", "**Look**", "**Do**"]


def rules():
    for path in sorted(RULES.glob("*.yml")):
        for group in yaml.safe_load(path.read_text())["groups"]:
            yield from (rule for rule in group["rules"] if "alert" in rule)


def fired():
    """The alerts that some test sees firing, and those that some test sees silent."""
    firing, silent = set(), set()
    for path in TESTS.glob("*.yml"):
        for test in yaml.safe_load(path.read_text())["tests"]:
            for one in test.get("alert_rule_test", []):
                (firing if one.get("exp_alerts") else silent).add(one["alertname"])
    return firing, silent


alerts = {rule["alert"]: rule for rule in rules()}
sections = {part.split("\n", 1)[0].strip(): part for part in re.split(r"^## ", RUNBOOKS, flags=re.M)[1:]}
firing, silent = fired()
for name, rule in alerts.items():
    assert rule["labels"]["severity"] in ("page", "ticket"), name
    assert rule["annotations"]["runbook_url"] == f"docs/runbooks.md#{name.lower()}", name
    assert rule["annotations"]["summary"], name
    assert name in sections, f"docs/runbooks.md has no heading {name}"
    for part in PARTS:
        assert part in sections[name], f"docs/runbooks.md: {name} has no {part}"
    assert name in firing, f"no test in {TESTS} sees {name} firing"
    assert name in silent, f"no test in {TESTS} sees {name} silent"
gone = {name for name in sections if name.startswith("Wagewatch")} - alerts.keys()
assert not gone, f"docs/runbooks.md has headings of alerts that are gone: {gone}"
print(f"good: {len(alerts)} alerts, each with its runbook and its test")
