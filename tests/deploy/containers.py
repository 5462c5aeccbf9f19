"""Dockerfile and compose file: by hadolint and by the compose specification, and whether they fit the program. No image
is built and no container started here.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml
from compose_spec import PyCompose

from lib.made_up import SECURITY, security

BINARY = sys.argv[1]
DOCKERFILE, COMPOSE = pathlib.Path("deploy/docker/Dockerfile"), pathlib.Path("deploy/compose/compose.yaml")


def dockerfile():
    hadolint = pathlib.Path(sys.executable).parent / "hadolint"
    found = subprocess.run([hadolint, "--failure-threshold", "info", DOCKERFILE], capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr
    text = DOCKERFILE.read_text()
    stages = re.findall(r"^FROM (\S+)", text, flags=re.M)
    assert len(stages) == 2, stages
    last = text.split("\nFROM ")[-1]
    assert "USER 65532:65532" in last and "RUN" not in last, "the image that is kept runs as root, or runs something"
    settings = dict(re.findall(r"(WAGEWATCH__\w+)=(\S+)", last))
    assert settings
    check(settings)
    for source in re.findall(r"^COPY (?!--from)(\S+)", text, flags=re.M):
        assert pathlib.Path(source).exists(), source
    ignored = pathlib.Path(".dockerignore").read_text().split()
    for needed in ("src", "proto", "config", "benches", "build.rs", "Cargo.toml", "Cargo.lock", ".cargo"):
        assert pathlib.Path(needed).exists() and needed not in ignored, f"the build needs {needed}"
    return settings


def check(settings):
    """The program takes these settings."""
    with security() as folder:
        own = {name: value.replace(SECURITY, folder) for name, value in settings.items()}
        checked = subprocess.run([BINARY, "check"], env=os.environ | own, capture_output=True, text=True)
        assert checked.returncode == 0, checked.stdout


def compose(image_settings):
    text = COMPOSE.read_text()
    parsed = PyCompose.from_yaml(text)
    parsed.validate()
    parsed.to_spec()
    spec = yaml.safe_load(text)
    services = spec["services"]
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        image = service["image"]
        assert re.search(r":[^:]*\d", image), f"{image} has no version"
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), f"{name} is published to everybody: {port}"
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            known = (COMPOSE.parent / source).exists() or source in ("./backup", "./security") if source.startswith(".") else source in spec["volumes"]
            assert known, f"{name}: {volume}"
        for secret in service.get("secrets", []):
            assert secret in spec["secrets"], secret
    with tempfile.NamedTemporaryFile("w") as key:
        key.write("ab" * 32)
        key.flush()
        own = services["wagewatch"]["environment"]
        assert own["WAGEWATCH__ALERTS__ID_KEY_FILE"] == "/run/secrets/alert-id-key"
        check(image_settings | own | {"WAGEWATCH__ALERTS__ID_KEY_FILE": key.name})
    monitoring(services)


def monitoring(services):
    """Prometheus asks the services by their names and ports."""
    config = yaml.safe_load(pathlib.Path("deploy/compose/prometheus.yml").read_text())
    plain = yaml.safe_load(pathlib.Path("deploy/prometheus/prometheus.yml").read_text())
    targets = [target for job in config["scrape_configs"] for static in job["static_configs"] for target in static["targets"]]
    targets += [t for one in config["alerting"]["alertmanagers"] for static in one["static_configs"] for t in static["targets"]]
    for target in targets:
        name, port = target.split(":")
        assert any(published.endswith(f":{port}") for published in services[name]["ports"]), target
    scrape = config["scrape_configs"][0]
    assert scrape.pop("scheme") == "https" and scrape.pop("tls_config")["ca_file"] == "/run/secrets/authority"
    assert scrape.pop("authorization") == {"credentials_file": "/run/secrets/operator-token"}
    assert services["prometheus"]["secrets"] == ["authority", "operator-token"]
    for one in (config, plain):
        one["alerting"], one["scrape_configs"][0]["static_configs"] = None, None
    assert config == plain, "the two configurations of Prometheus differ in more than addresses"


compose(dockerfile())
print("good: Dockerfile (hadolint), compose file (compose specification); nothing was built")
