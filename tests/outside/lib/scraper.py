"""A real Prometheus that scrapes the program, and what is wrong with a query that it is asked. Knows no scenario."""

import json
import os
import pathlib
import re
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

import yaml

from . import queries
from .service import PATIENCE, free_port

# Told by the metrics of a healthy program as nothing: these queries look for trouble.
MAY_BE_EMPTY = re.compile(r" > 0$|^changes\(")
# In dashboards and rules, and not told by the program yet: what is told stands in the manual, and is asked for like all others.
COMING = set()
MANUAL = pathlib.Path("docs/metrics.md").read_text()
told = {name for name in COMING if f"| `{name}` |" in MANUAL}
assert not told, f"told by now, and to be asked for: take {sorted(told)} out of COMING"


class Prometheus:
    def __init__(self, folder, *targets):
        self.port = free_port()
        config = yaml.safe_load(pathlib.Path("deploy/prometheus/prometheus.yml").read_text())
        config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        config["rule_files"] = [str(path.resolve()) for path in sorted(queries.RULES.glob("*.yml"))]
        config["alerting"] = {}
        [job] = config["scrape_configs"]
        job["static_configs"] = [{"targets": list(targets)}]
        path = pathlib.Path(folder, "prometheus.yml")
        path.write_text(yaml.safe_dump(config))
        self.process = subprocess.Popen([
            os.environ["PROMETHEUS"], f"--config.file={path}", f"--storage.tsdb.path={folder}/tsdb",
            f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn",
        ])

    def get(self, path, **query):
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{query}: {json.load(error)['error']}") from None

    def ask(self, expr):
        data = self.get("query", query=expr)
        return data["result"] if data["resultType"] == "vector" else [{"metric": {}, "value": data["result"]}]

    def wait(self, what, until):
        ends = time.monotonic() + PATIENCE
        while True:
            assert self.process.poll() is None, "prometheus has ended"
            try:
                if until():
                    return
            except (urllib.error.URLError, ConnectionError):
                pass
            assert time.monotonic() < ends, f"in {PATIENCE} s not {what}"
            time.sleep(0.2)


def answered(prometheus, panels, others):
    """Every query is answered, and no panel is empty: once there is a second scrape, and each group of rules had its turn."""
    ends = time.monotonic() + PATIENCE
    while True:
        wrong = [one for query in [*panels, *others] for one in check(prometheus, *query)]
        wrong += [one for where, expr, _ in panels for one in silent(prometheus, where, expr)]
        if not wrong:
            return
        assert time.monotonic() < ends, "\n".join(wrong)
        time.sleep(1)


def check(prometheus, where, expr, legend=""):
    """What is wrong with a query, in words; nothing if all of it is there."""
    wrong, labels = [], set()
    selected = queries.selectors(expr)
    if coming(selected):
        # Whether it can be read at all.
        try:
            prometheus.ask(expr)
            return []
        except AssertionError as error:
            return [f"{where}: {error}: {expr}"]
    if not selected:
        wrong.append("reads no metric")
    for selector in selected:
        series = prometheus.ask(f"last_over_time({selector}[1h])")
        if not series:
            wrong.append(f"nothing is selected by {selector}")
        labels.update(label for one in series for label in one["metric"])
    wrong.extend(f"no such label: {label}" for label in queries.grouping(expr) - labels)
    try:
        result = prometheus.ask(expr)
        shown = {label for one in result for label in one["metric"]}
        if result:
            wrong.extend(f"the legend has no {label}" for label in set(re.findall(r"\{\{(\w+)\}\}", legend)) - shown)
    except AssertionError as error:
        wrong.append(str(error))
    return [f"{where}: {one}: {expr}" for one in wrong]


def coming(selected):
    """Whether a query rests on a metric that is not told yet, or on what is recorded of one."""
    return any(name in selector for selector in selected for name in COMING)


def silent(prometheus, where, expr):
    """Whether a panel would be empty, though the program runs and has work."""
    return [] if coming(queries.selectors(expr)) or MAY_BE_EMPTY.search(expr) or prometheus.ask(expr) else [f"{where}: no answer: {expr}"]
