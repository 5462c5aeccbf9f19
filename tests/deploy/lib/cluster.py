"""What the manifests of a cluster set in the environment of each instance, as far as the program knows it already."""

import os
import subprocess

# Whether the program has the section [cluster], and `serve` runs on Kafka. Held against the program by whoever imports this.
SERVES = True
PREFIX = "WAGEWATCH__CLUSTER__"


def hold(binary):
    """The line above says of the program what is so."""
    asked = subprocess.run([binary, "check", "--set", "cluster.name=a"], env=dict(os.environ), capture_output=True, text=True)
    knows = "[cluster]" not in asked.stdout + asked.stderr
    assert knows == SERVES, f"{__file__}: SERVES is {SERVES}, but the program {'has' if knows else 'has not'} the section [cluster]"


def known(settings):
    """Without what the program would refuse as unknown."""
    return {name: value for name, value in settings.items() if SERVES or not name.startswith(PREFIX)}


def are_apart(instances, names, grpc):
    """Each instance has a name of its own, and an address that leads to it alone: `name:port` as `names` tells."""
    seen = set()
    for name, settings in instances.items():
        said, advertise = settings[PREFIX + "NAME"], settings[PREFIX + "ADVERTISE"]
        assert said == name and advertise == f"{names[name]}:{grpc}", f"{name}: {said}, {advertise}"
        assert said not in seen and advertise not in seen, f"{name} is another's name or address"
        seen |= {said, advertise}
    # Whatever else they are set to is the same.
    own = (PREFIX + "NAME", PREFIX + "ADVERTISE")
    rest = [{key: value for key, value in one.items() if key not in own} for one in instances.values()]
    assert all(one == rest[0] for one in rest), "the instances differ in more than name and address"
