"""The dashboards as Grafana's own model reads them (the Foundation SDK of the version that deploy/compose runs): every key
that stands in them is one that it knows and keeps, in the dashboard, in each kind of panel and in each query. Loads no
Grafana: Debian has no package of it.
"""

import importlib
import importlib.metadata
import json
import pathlib
import re

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard, prometheus

FOLDER = pathlib.Path("deploy/grafana/dashboards")
# Kept by the data source's own editor, and by the page's: in no model of the SDK.
OTHERS = {"annotations.list[].titleFormat", "templating.list[].definition"}


def lost(given, kept, path=""):
    """Where what was given is not what was kept."""
    if isinstance(given, dict):
        for key, value in given.items():
            here = f"{path}.{key}".lstrip(".")
            if not isinstance(kept, dict) or key not in kept:
                yield here
            else:
                yield from lost(value, kept[key], here)
    elif isinstance(given, list):
        if not isinstance(kept, list) or len(given) != len(kept):
            yield path
        else:
            for one, other in zip(given, kept):
                yield from lost(one, other, f"{path}[]")
    elif given != kept:
        yield path


def read(model, given, where):
    kept = json.loads(JSONEncoder().encode(model.from_json(given)))
    unknown = set(lost(given, kept)) - OTHERS
    assert not unknown, f"{where}: Grafana does not know {sorted(unknown)}"


def panel(one, where):
    kind = importlib.import_module(f"grafana_foundation_sdk.models.{one['type']}")
    read(kind.Options, one.get("options", {}), f"{where}: options")
    custom = one["fieldConfig"]["defaults"].get("custom")
    if custom is not None:
        read(kind.FieldConfig, custom, f"{where}: fields")
    for target in one["targets"]:
        read(prometheus.Dataquery, target, f"{where}: query {target['refId']}")


version = importlib.metadata.version("grafana-foundation-sdk").split("!")[-1]
[image] = re.findall(r"image: grafana/grafana:(\S+)", pathlib.Path("deploy/compose/compose.yaml").read_text())
assert version.split(".")[:2] == image.split(".")[:2], f"the model is of {version}, the image is {image}"
panels = 0
for path in sorted(FOLDER.glob("*.json")):
    board = json.loads(path.read_text())
    read(dashboard.Dashboard, board, path.name)
    for one in board["panels"]:
        if one["type"] != "row":
            panel(one, f"{path.name}: {one['title']}")
            panels += 1
# The check sees what it should.
assert list(lost({"a": [{"b": 1}, {"c": 2}]}, {"a": [{"b": 1}, {}]})) == ["a[].c"]
print(f"good: Grafana {version}'s model knows every key of {panels} panels")
