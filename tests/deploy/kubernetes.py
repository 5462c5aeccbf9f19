"""The manifests under deploy/kubernetes/: by the schemas of Kubernetes, and whether they fit one another and the program.

ServiceMonitor and PrometheusRule are the Prometheus operator's: of those only the form that is needed here is checked.
`UPDATE=1` writes prometheusrule.yaml anew from deploy/prometheus/rules.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

import kubernetes_validate
import yaml

from lib.made_up import SECURITY, security

FOLDER, RULES = pathlib.Path("deploy/kubernetes"), pathlib.Path("deploy/prometheus/rules")
VERSIONS = ["1.29", "1.33", "1.36"]
OPERATOR = "monitoring.coreos.com/v1"
BINARY = sys.argv[1]


def prometheus_rule():
    groups = [group for path in sorted(RULES.glob("*.yml")) for group in yaml.safe_load(path.read_text())["groups"]]
    rule = {"apiVersion": OPERATOR, "kind": "PrometheusRule", "metadata": {"name": "wagewatch"}, "spec": {"groups": groups}}
    head = "# Made from deploy/prometheus/rules: UPDATE=1 ./test deploy writes it.\n"
    return head + yaml.safe_dump(rule, sort_keys=False, width=120, allow_unicode=True)


def manifests():
    listed = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())["resources"]
    there = {path.name for path in FOLDER.glob("*.yaml")} - {"kustomization.yaml"}
    assert set(listed) == there, f"kustomization.yaml and the folder differ: {set(listed) ^ there}"
    for name in listed:
        for manifest in yaml.safe_load_all((FOLDER / name).read_text()):
            yield name, manifest


def by_schema(name, manifest):
    if manifest["apiVersion"] == OPERATOR:
        assert manifest["metadata"]["name"] and manifest["spec"], name
        return 0
    for version in VERSIONS:
        kubernetes_validate.validate(manifest, version, strict=True)
    return 1


def pods(all_of_them):
    for kind, path in (("StatefulSet", ["template"]), ("CronJob", ["jobTemplate", "spec", "template"])):
        [manifest] = all_of_them[kind]
        spec = manifest["spec"]
        for part in path:
            spec = spec[part]
        yield manifest, spec["metadata"]["labels"], spec["spec"]


def is_hardened(pod):
    assert pod["securityContext"]["runAsNonRoot"] and pod["automountServiceAccountToken"] is False
    for container in pod["containers"]:
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] and context["allowPrivilegeEscalation"] is False
        assert context["capabilities"]["drop"] == ["ALL"] and container["resources"]["limits"]["memory"]


def fits(all_of_them):
    """Names that one manifest uses are those that another gives."""
    [[stateful, labels, pod], [_, _, backup]] = pods(all_of_them)
    is_hardened(pod)
    is_hardened(backup)
    [container] = pod["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    services = {service["metadata"]["name"]: service for service in all_of_them["Service"]}
    assert stateful["spec"]["serviceName"] in services
    for service in services.values():
        assert service["spec"]["selector"].items() <= labels.items()
        assert all(port["targetPort"] in ports for port in service["spec"]["ports"])
    for kind in ("PodDisruptionBudget", "StatefulSet"):
        [manifest] = all_of_them[kind]
        assert manifest["spec"]["selector"]["matchLabels"].items() <= labels.items()
    [policy] = all_of_them["NetworkPolicy"]
    assert policy["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
    assert all(port["port"] in ports for rule in policy["spec"]["ingress"] for port in rule["ports"])
    [monitor] = all_of_them["ServiceMonitor"]
    # The rules and dashboards say job="wagewatch".
    assert labels[monitor["spec"]["jobLabel"]] == "wagewatch"
    assert all(endpoint["port"] in ports for endpoint in monitor["spec"]["endpoints"])
    probes = {container[name]["httpGet"]["path"] for name in ("livenessProbe", "readinessProbe")}
    assert probes == {"/livez", "/readyz"}
    claims = [claim["metadata"]["name"] for claim in stateful["spec"]["volumeClaimTemplates"]]
    volumes = {volume["name"] for volume in pod["volumes"]} | set(claims)
    assert {mount["name"] for mount in container["volumeMounts"]} == volumes
    wanted = {volume["persistentVolumeClaim"]["claimName"] for volume in backup["volumes"]}
    own = {claim["metadata"]["name"] for claim in all_of_them["PersistentVolumeClaim"]}
    assert wanted == own | {f"{claim}-{stateful['metadata']['name']}-0" for claim in claims}
    return container, ports


def program_takes(config, container, ports):
    """The config of the pod is a good one, with the environment that the pod has; and it listens where the manifests say."""
    with tempfile.TemporaryDirectory() as folder, security() as secured:
        file, key = pathlib.Path(folder, "wagewatch.toml"), pathlib.Path(folder, "key")
        file.write_text(config["data"]["wagewatch.toml"].replace(SECURITY, secured))
        key.write_text("ab" * 32)
        own = {one["name"]: one["value"].replace("/etc/wagewatch-secret/key", str(key)) for one in container["env"]}
        checked = subprocess.run([BINARY, "check", "--config", str(file)], env=os.environ | own, capture_output=True, text=True)
        assert checked.returncode == 0, checked.stdout
    for name, port in ports.items():
        assert f'{name}_addr = "0.0.0.0:{port}"' in config["data"]["wagewatch.toml"], name


made, path = prometheus_rule(), FOLDER / "prometheusrule.yaml"
if os.environ.get("UPDATE"):
    path.write_text(made)
assert path.exists() and path.read_text() == made, "prometheusrule.yaml is stale: UPDATE=1 ./test deploy"
all_of_them, checked = {}, 0
for name, manifest in manifests():
    checked += by_schema(name, manifest)
    all_of_them.setdefault(manifest["kind"], []).append(manifest)
container, ports = fits(all_of_them)
[config] = all_of_them["ConfigMap"]
program_takes(config, container, ports)
print(f"good: {checked} manifests by the schemas of Kubernetes {', '.join(VERSIONS)}; ServiceMonitor and PrometheusRule only parsed")
