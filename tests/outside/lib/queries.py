"""Every query of the dashboards and rules under deploy/, and what they select. Knows no server."""

import json
import pathlib
import re

import yaml

DASHBOARDS, RULES = pathlib.Path("deploy/grafana/dashboards"), pathlib.Path("deploy/prometheus/rules")
# What Grafana puts in the place of its variables.
VARIABLES = {"$__rate_interval": "1m", "$job": ".*", "$instance": ".*"}
WORDS = {"by", "without", "on", "ignoring", "group_left", "group_right", "and", "or", "unless", "bool", "offset", "inf", "nan"}


def dashboards():
    """Each query as (where, expression, legend)."""
    found = []
    for path in sorted(DASHBOARDS.glob("*.json")):
        board = json.loads(path.read_text())
        for panel in board["panels"]:
            for target in panel.get("targets", []):
                found.append((f"{path.name}: {panel['title']}", filled(target["expr"]), target["legendFormat"]))
        for annotation in board["annotations"]["list"]:
            found.append((f"{path.name}: {annotation['name']}", filled(annotation["expr"]), annotation["titleFormat"]))
        for variable in board["templating"]["list"]:
            if variable["type"] == "query":
                metric, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["definition"]).groups()
                expr = f"count by ({label}) ({filled(metric)})"
                found.append((f"{path.name}: ${variable['name']}", expr, f"{{{{{label}}}}}"))
    return found


def rules():
    """Each rule's query as (where, expression, legend)."""
    found = []
    for path in sorted(RULES.glob("*.yml")):
        for group in yaml.safe_load(path.read_text())["groups"]:
            for rule in group["rules"]:
                found.append((f"{path.name}: {rule.get('alert') or rule['record']}", rule["expr"], ""))
    return found


def filled(expr):
    for name, value in VARIABLES.items():
        expr = expr.replace(name, value)
    assert "$" not in expr, f"a variable that is not known: {expr}"
    return expr


def selectors(expr):
    """The metrics that an expression reads, each with its matchers: `up{job="a"}`."""
    found = []
    # Ranges, and the labels of groupings, select nothing.
    bare = re.sub(r"\[[^\]]*\]", "", expr)
    bare = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", " ", bare)
    for name, braces, call in re.findall(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(\s*\{[^}]*\})?(\s*\()?", bare):
        if not call and name.lower() not in WORDS:
            found.append(name + braces.strip())
    return found


def grouping(expr):
    """The labels that an expression groups or joins by."""
    lists = re.findall(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)", expr)
    return {label.strip() for one in lists for label in one.split(",") if label.strip()}
