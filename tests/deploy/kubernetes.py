"""The manifests under deploy/kubernetes/ (one instance) and deploy/kubernetes-cluster/ (several on Kafka): by the schemas of
Kubernetes, and whether they fit one another and the program.

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

from lib import cluster
from lib.made_up import KAFKA, SECURITY, security

ONE, SEVERAL = pathlib.Path("deploy/kubernetes"), pathlib.Path("deploy/kubernetes-cluster")
RULES = pathlib.Path("deploy/prometheus/rules")
VERSIONS = ["1.29", "1.33", "1.36"]
OPERATOR = "monitoring.coreos.com/v1"
BINARY = sys.argv[1]
# Where the pods of each kind are told.
PODS = {"StatefulSet": ["template"], "CronJob": ["jobTemplate", "spec", "template"], "Job": ["template"]}


def prometheus_rule():
    groups = [group for path in sorted(RULES.glob("*.yml")) for group in yaml.safe_load(path.read_text())["groups"]]
    rule = {"apiVersion": OPERATOR, "kind": "PrometheusRule", "metadata": {"name": "wagewatch"}, "spec": {"groups": groups}}
    head = "# Made from deploy/prometheus/rules: UPDATE=1 ./test deploy writes it.\n"
    return head + yaml.safe_dump(rule, sort_keys=False, width=120, allow_unicode=True)


def manifests(folder):
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    listed = kustomization["resources"]
    there = {path.name for path in folder.glob("*.yaml")} - {"kustomization.yaml"}
    assert set(listed) == there, f"{folder}: kustomization.yaml and the folder differ: {set(listed) ^ there}"
    all_of_them, checked = {}, 0
    for name in listed:
        for manifest in yaml.safe_load_all((folder / name).read_text()):
            checked += by_schema(name, manifest)
            all_of_them.setdefault(manifest["kind"], []).append(manifest)
    [namespace] = all_of_them["Namespace"]
    assert namespace["metadata"]["name"] == kustomization["namespace"]
    return all_of_them, checked


def by_schema(name, manifest):
    if manifest["apiVersion"] == OPERATOR:
        assert manifest["metadata"]["name"] and manifest["spec"], name
        return 0
    for version in VERSIONS:
        kubernetes_validate.validate(manifest, version, strict=True)
    return 1


def pods(all_of_them):
    """Of each kind: the manifest, its pods' labels, and what they are."""
    found = {}
    for kind, path in PODS.items():
        for manifest in all_of_them.get(kind, []):
            spec = manifest["spec"]
            for part in path:
                spec = spec[part]
            found[kind] = (manifest, spec["metadata"]["labels"], spec["spec"])
    return found


def is_hardened(pod):
    assert pod["securityContext"]["runAsNonRoot"] and pod["automountServiceAccountToken"] is False
    for container in pod["containers"]:
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] and context["allowPrivilegeEscalation"] is False
        assert context["capabilities"]["drop"] == ["ALL"] and container["resources"]["limits"]["memory"]


def fits(all_of_them):
    """Names that one manifest uses are those that another gives."""
    several = pods(all_of_them)
    stateful, labels, pod = several["StatefulSet"]
    claims = [claim["metadata"]["name"] for claim in stateful["spec"]["volumeClaimTemplates"]]
    [account] = all_of_them["ServiceAccount"]
    for kind, (_, _, one) in several.items():
        is_hardened(one)
        assert one["serviceAccountName"] == account["metadata"]["name"]
        volumes = {volume["name"] for volume in one["volumes"]} | set(claims if kind == "StatefulSet" else [])
        assert {mount["name"] for container in one["containers"] for mount in container["volumeMounts"]} == volumes, kind
        mapped = {volume["configMap"]["name"] for volume in one["volumes"] if "configMap" in volume}
        assert mapped <= {config["metadata"]["name"] for config in all_of_them["ConfigMap"]}, mapped
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
    return several, ports


def backs_up(all_of_them, several):
    """The backup reads the one pod's data."""
    stateful, (_, _, backup) = several["StatefulSet"][0], several["CronJob"]
    claims = [claim["metadata"]["name"] for claim in stateful["spec"]["volumeClaimTemplates"]]
    wanted = {volume["persistentVolumeClaim"]["claimName"] for volume in backup["volumes"]}
    own = {claim["metadata"]["name"] for claim in all_of_them["PersistentVolumeClaim"]}
    assert wanted == own | {f"{claim}-{stateful['metadata']['name']}-0" for claim in claims}


def environment(container, pod_name, namespace):
    """What a pod of this name has: fields of its own, and what is put together of them."""
    fields, own = {"metadata.name": pod_name, "metadata.namespace": namespace}, {}
    for one in container["env"]:
        value = one.get("value") or fields[one["valueFrom"]["fieldRef"]["fieldPath"]]
        # Only what stands before it is put in.
        for name, known in own.items():
            value = value.replace(f"$({name})", known)
        assert "$(" not in value, f"{one['name']} is {value}"
        own[one["name"]] = value
    return own


def shares(all_of_them, several, ports):
    """Several instances: each with its own name, under which the others find it; one at a time is away."""
    stateful, labels, pod = several["StatefulSet"]
    spec, name = stateful["spec"], stateful["metadata"]["name"]
    assert spec["replicas"] >= 3 and spec["updateStrategy"]["type"] == "RollingUpdate" and spec["minReadySeconds"] > 0
    # One pod that does not come up must keep no other from starting.
    assert spec["podManagementPolicy"] == "Parallel"
    [budget] = all_of_them["PodDisruptionBudget"]
    assert budget["spec"]["maxUnavailable"] == 1
    [headless] = [one for one in all_of_them["Service"] if one["metadata"]["name"] == spec["serviceName"]]
    assert headless["spec"]["clusterIP"] == "None" and headless["spec"]["publishNotReadyAddresses"]
    [namespace] = (one["metadata"]["name"] for one in all_of_them["Namespace"])
    names = {f"{name}-{number}": f"{name}-{number}.{spec['serviceName']}.{namespace}.svc.cluster.local" for number in range(spec["replicas"])}
    [container] = pod["containers"]
    instances = {one: environment(container, one, namespace) for one in names}
    cluster.are_apart(instances, names, ports["grpc"])
    [policy] = all_of_them["NetworkPolicy"]
    egress = [(to, port["port"]) for rule in policy["spec"]["egress"] for to in rule["to"] for port in rule["ports"]]
    assert ({"podSelector": spec["selector"]}, ports["grpc"]) in egress, "the pods cannot reach each other"
    [config] = all_of_them["ConfigMap"]
    broker_ports = {int(broker.rsplit(":", 1)[1]) for broker in told(config, "brokers").split(",")}
    assert broker_ports <= {port for _, port in egress}, "the pods cannot reach the brokers"
    # Who makes the topics reads the same config, and reaches the brokers too.
    _, job_labels, job = several["Job"]
    assert policy["spec"]["podSelector"]["matchLabels"].items() <= job_labels.items()
    assert {volume["name"] for volume in job["volumes"]} == {volume["name"] for volume in pod["volumes"]}
    assert not job_labels.items() >= spec["selector"]["matchLabels"].items(), "the job's pods would be taken for instances"
    [made] = job["containers"]
    return [*instances.values(), environment(made, "", namespace)]


def told(config, key):
    [line] = [line for line in config["data"]["wagewatch.toml"].splitlines() if line.strip().startswith(f"{key} = ")]
    return line.split('"')[1]


def program_takes(config, environments, ports):
    """The config of the pod is a good one, with the environment that the pod has; and it listens where the manifests say."""
    text = config["data"]["wagewatch.toml"]
    with tempfile.TemporaryDirectory() as folder, security() as secured:
        file, key = pathlib.Path(folder, "wagewatch.toml"), pathlib.Path(folder, "key")
        file.write_text(text.replace(SECURITY, secured).replace(KAFKA, secured))
        key.write_text("ab" * 32)
        for environment in environments:
            here = {"/etc/wagewatch-secret/key": str(key), SECURITY: secured}
            own = cluster.known(environment)
            for theirs, ours in here.items():
                own = {name: value.replace(theirs, ours) for name, value in own.items()}
            checked = subprocess.run([BINARY, "check", "--config", str(file)], env=os.environ | own, capture_output=True, text=True)
            assert checked.returncode == 0, checked.stdout
    for name, port in ports.items():
        assert f'{name}_addr = "0.0.0.0:{port}"' in text, name


def commands(several):
    for kind, (_, _, pod) in several.items():
        for container in pod["containers"]:
            words = container["args"]
            asked = [BINARY, *(words[:2] if words[0] == "kafka" else words[:1]), "--help"]
            helped = subprocess.run(asked, capture_output=True, text=True)
            assert helped.returncode == 0, f"{kind}: {asked}"
            assert all(flag in helped.stdout for flag in words if flag.startswith("--")), f"{kind}: {words}"


cluster.hold(BINARY)
made, total = prometheus_rule(), 0
for folder in (ONE, SEVERAL):
    path = folder / "prometheusrule.yaml"
    if os.environ.get("UPDATE"):
        path.write_text(made)
    assert path.exists() and path.read_text() == made, f"{path} is stale: UPDATE=1 ./test deploy"
    all_of_them, checked = manifests(folder)
    total += checked
    several, ports = fits(all_of_them)
    commands(several)
    [container] = several["StatefulSet"][2]["containers"]
    if folder == ONE:
        backs_up(all_of_them, several)
        environments = [environment(container, "wagewatch-0", "wagewatch")]
    else:
        environments = shares(all_of_them, several, ports)
    [config] = all_of_them["ConfigMap"]
    program_takes(config, environments, ports)
print(f"good: {total} manifests by the schemas of Kubernetes {', '.join(VERSIONS)}; ServiceMonitor and PrometheusRule only parsed")
