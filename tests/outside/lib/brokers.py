"""Brokers of Apache Kafka with the settings that a compose file gives them, as processes on loopback ports. Settings are made of
the environment as the official image does it. Knows no wagewatch.
"""

import os
import pathlib
import re
import subprocess
import time

from .service import PATIENCE, free_port

# What a small machine needs, and changes nothing of how they answer.
SMALL = {
    "offsets.topic.num.partitions": "4", "transaction.state.log.num.partitions": "4", "group.initial.rebalance.delay.ms": "0",
    "log.cleaner.dedupe.buffer.size": "4194304", "num.io.threads": "2", "num.network.threads": "1",
}


def java(heap, *command):
    jars = os.environ["KAFKA_JARS"]
    return ["java", f"-Xmx{heap}", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", f"{jars}/*", *command]


def properties(environment):
    """KAFKA_NODE_ID is node.id; two underscores are one, three are a hyphen."""
    found = {}
    for name, value in environment.items():
        if name.startswith("KAFKA_") and name != "KAFKA_HEAP_OPTS":
            key = name[len("KAFKA_"):].lower()
            key = re.sub("_+", lambda run: {1: ".", 2: "_", 3: "-"}[len(run.group())], key)
            found[key] = value
    return found


class Brokers:
    """All services of the compose file that run Kafka."""

    def __init__(self, services, folder):
        self.folder, self.processes = pathlib.Path(folder), {}
        brokers = {name: one["environment"] for name, one in services.items() if one["image"].startswith("apache/kafka:")}
        self.ports = {f"{name}:{port}": f"127.0.0.1:{free_port()}" for name in brokers for port in (9092, 9093)}
        for name, environment in brokers.items():
            self.launch(name, environment)

    def here(self, text, name=""):
        """An address of the compose file's network, as it is on this machine."""
        for theirs, ours in self.ports.items():
            text = text.replace(theirs, ours)
        for port in (9092, 9093):
            text = text.replace(f"//:{port}", f"//{self.ports.get(f'{name}:{port}')}")
        return text

    def launch(self, name, environment):
        settings = {key: self.here(value, name) for key, value in properties(environment).items()}
        settings |= {"log.dirs": f"{self.folder}/{name}", **SMALL}
        file, log = self.folder / f"{name}.properties", self.folder / f"{name}.log"
        file.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
        format = java("128m", "kafka.tools.StorageTool", "format", "-t", environment["CLUSTER_ID"], "-c", str(file))
        done = subprocess.run(format, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        with log.open("w") as out:
            self.processes[name] = subprocess.Popen(java("256m", "kafka.Kafka", str(file)), stdout=out, stderr=out)

    def wait(self, until):
        ends = time.monotonic() + PATIENCE
        while not until():
            ended = [name for name, process in self.processes.items() if process.poll() is not None]
            assert not ended, f"{ended} ended: {(self.folder / f'{ended[0]}.log').read_text()[-3000:]}"
            assert time.monotonic() < ends, f"in {PATIENCE} s the brokers did not answer"
            time.sleep(0.3)

    def stop(self):
        for process in self.processes.values():
            process.kill()
            process.wait(PATIENCE)
