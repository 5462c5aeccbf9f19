"""The dashboards under deploy/grafana/ hold together: ids, places, data source, words. Their queries are asked of a
running program by tests/outside/dashboards.py. Loads no Grafana.
"""

import itertools
import json
import pathlib
import re

import yaml

FOLDER = pathlib.Path("deploy/grafana")
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
KINDS = {"row", "stat", "timeseries", "bargauge", "table"}


def overlap(a, b):
    a, b = a["gridPos"], b["gridPos"]
    return a["x"] < b["x"] + b["w"] and b["x"] < a["x"] + a["w"] and a["y"] < b["y"] + b["h"] and b["y"] < a["y"] + a["h"]


def check(board):
    panels = board["panels"]
    ids = [panel["id"] for panel in panels]
    assert len(ids) == len(set(ids)), "two panels have one id"
    for panel in panels:
        title, place = panel["title"], panel["gridPos"]
        assert panel["type"] in KINDS, f"{title}: {panel['type']}"
        assert 0 < place["w"] and place["x"] + place["w"] <= 24, f"{title} is wider than the page"
        if panel["type"] == "row":
            continue
        assert panel["datasource"] == SOURCE, title
        refs = [target["refId"] for target in panel["targets"]]
        assert refs and len(refs) == len(set(refs)), title
        assert all(target["datasource"] == SOURCE for target in panel["targets"]), title
    for a, b in itertools.combinations(panels, 2):
        assert not overlap(a, b), f"{a['title']} lies upon {b['title']}"
    names = {variable["name"] for variable in board["templating"]["list"]}
    assert names == {"datasource", "job", "instance"}, names


def shown(board):
    """The names of the metrics that its queries read."""
    return set(re.findall(r"wagewatch_\w+", " ".join(t["expr"] for panel in board["panels"] for t in panel.get("targets", []))))


boards = [json.loads(path.read_text()) for path in sorted(FOLDER.glob("dashboards/*.json"))]
assert {board["uid"] for board in boards} == {"wagewatch-pipeline", "wagewatch-intake", "wagewatch-alerts", "wagewatch-cluster"}
for board in boards:
    check(board)
# Whatever is told of Kafka is looked at somewhere.
told = set(re.findall(r"^\| `(wagewatch_kafka_\w+)`", pathlib.Path("docs/metrics.md").read_text(), flags=re.M))
[cluster] = [board for board in boards if board["uid"] == "wagewatch-cluster"]
assert told and told <= shown(cluster), f"not on the dashboard of the cluster: {sorted(told - shown(cluster))}"
[source] = yaml.safe_load((FOLDER / "provisioning/datasources/prometheus.yaml").read_text())["datasources"]
assert source["type"] == "prometheus" and source["isDefault"]
[provider] = yaml.safe_load((FOLDER / "provisioning/dashboards/wagewatch.yaml").read_text())["providers"]
assert provider["type"] == "file" and provider["options"]["path"]
print(f"good: {len(boards)} dashboards, {sum(len(board['panels']) for board in boards)} panels")
