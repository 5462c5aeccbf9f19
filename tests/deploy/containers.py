"""Dockerfile and compose files: by hadolint and by the compose specification, and whether they fit the program. No image
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

from lib import cluster
from lib.made_up import SECURITY, security

BINARY = sys.argv[1]
DOCKERFILE, FOLDER = pathlib.Path("deploy/docker/Dockerfile"), pathlib.Path("deploy/compose")


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


def compose(file, image_settings):
    """By the specification; and what the services say of each other is so."""
    spec = yaml.safe_load((FOLDER / file).read_text())
    # The judge knows no `<<`, which compose resolves first.
    parsed = PyCompose.from_yaml(yaml.safe_dump(spec))
    parsed.validate()
    parsed.to_spec()
    services = spec["services"]
    for name, service in services.items():
        closed(name, service)
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            known = (FOLDER / source).exists() or source in ("./backup", "./security") if source.startswith(".") else source in spec["volumes"]
            assert known, f"{name}: {volume}"
        for secret in service.get("secrets", []):
            assert secret in spec["secrets"], secret
        for other in service.get("depends_on", {}):
            assert other in services, f"{name} waits for {other}"
    with tempfile.NamedTemporaryFile("w") as key:
        key.write("ab" * 32)
        key.flush()
        ours = [one for one in services.values() if one["image"].startswith("wagewatch:") and "environment" in one]
        for service in ours:
            own = service["environment"]
            assert own["WAGEWATCH__ALERTS__ID_KEY_FILE"] == "/run/secrets/alert-id-key"
            check(image_settings | cluster.known(own) | {"WAGEWATCH__ALERTS__ID_KEY_FILE": key.name})
    return services


def closed(name, service):
    assert service["cap_drop"] == ["ALL"], name
    assert "no-new-privileges:true" in service["security_opt"], name
    image = service["image"]
    assert re.search(r":[^:]*\d", image), f"{image} has no version"
    for port in service.get("ports", []):
        assert port.startswith("127.0.0.1:"), f"{name} is published to everybody: {port}"


def monitoring(file, services):
    """Prometheus asks the services by their names and ports."""
    config = yaml.safe_load((FOLDER / file).read_text())
    plain = yaml.safe_load(pathlib.Path("deploy/prometheus/prometheus.yml").read_text())
    scraped = [target for job in config["scrape_configs"] for static in job["static_configs"] for target in static["targets"]]
    targets = scraped + [t for one in config["alerting"]["alertmanagers"] for static in one["static_configs"] for t in static["targets"]]
    for target in targets:
        name, port = target.split(":")
        assert any(published.endswith(f":{port}") for published in services[name]["ports"]), target
    scrape = config["scrape_configs"][0]
    assert scrape.pop("scheme") == "https" and scrape.pop("tls_config")["ca_file"] == "/run/secrets/authority"
    assert scrape.pop("authorization") == {"credentials_file": "/run/secrets/operator-token"}
    assert services["prometheus"]["secrets"] == ["authority", "operator-token"]
    assert any(volume.startswith(f"./{file}:") for volume in services["prometheus"]["volumes"]), f"nobody reads {file}"
    for one in (config, plain):
        one["alerting"], one["scrape_configs"][0]["static_configs"] = None, None
    assert config == plain, "the two configurations of Prometheus differ in more than addresses"
    return {target.split(":")[0] for target in scraped}


def on_kafka(services, watched):
    """The instances are apart, watched, and find the brokers that there are; which are the version that the tests run."""
    instances = {name: one["environment"] for name, one in services.items() if cluster.PREFIX + "NAME" in one.get("environment", {})}
    assert len(instances) == 3 and set(instances) == watched, (set(instances), watched)
    cluster.are_apart(instances, {name: name for name in instances}, 7443)
    for name in instances:
        assert services[name]["depends_on"] == {"topics": {"condition": "service_completed_successfully"}}, name
    brokers = {name: one for name, one in services.items() if one["image"].startswith("apache/kafka:")}
    tested = re.search(r"<kafka.version>([^<]+)<", pathlib.Path("tests/kafka/pom.xml").read_text()).group(1)
    ids = set()
    for name, broker in brokers.items():
        assert broker["image"] == f"apache/kafka:{tested}", broker["image"]
        settings = broker["environment"]
        ids.add(settings["KAFKA_NODE_ID"])
        assert f"{settings['KAFKA_NODE_ID']}@{name}:9093" in settings["KAFKA_CONTROLLER_QUORUM_VOTERS"].split(","), name
        assert settings["KAFKA_ADVERTISED_LISTENERS"] == f"PLAINTEXT://{name}:9092", name
        assert any(volume.endswith(f":{settings['KAFKA_LOG_DIRS']}") for volume in broker["volumes"]), f"{name} keeps nothing"
        assert "ports" not in broker, f"{name} is reached from outside without a login"
    assert len(ids) == len(brokers) == 3
    kept = [volume.split(":")[0] for name in [*brokers, *instances] for volume in services[name]["volumes"] if not volume.startswith(".")]
    assert len(kept) == len(set(kept)) == len(brokers) + len(instances), f"two keep their data in one volume: {kept}"
    for settings in [*instances.values(), services["topics"]["environment"]]:
        assert settings["WAGEWATCH__KAFKA__BROKERS"] == ",".join(f"{name}:9092" for name in brokers)
        assert int(settings["WAGEWATCH__KAFKA__REPLICATION"]) == len(brokers)
    assert set(services["topics"]["depends_on"]) == set(brokers)
    command = [BINARY, *services["topics"]["command"][:2], "--help"]
    assert subprocess.run(command, capture_output=True).returncode == 0, command


cluster.hold(BINARY)
settings = dockerfile()
monitoring("prometheus.yml", compose("compose.yaml", settings))
several = compose("cluster.yaml", settings)
on_kafka(several, monitoring("cluster-prometheus.yml", several))
print("good: Dockerfile (hadolint), two compose files (compose specification); nothing was built")
