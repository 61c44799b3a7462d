"""`hayakoe-daemon bench --mqtt`."""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from hayakoe_daemon.bench.broker import NoBroker, private_broker
from hayakoe_daemon.bench.configuration import BenchError
from hayakoe_daemon.bench.mqtt_first_sound import measure
from hayakoe_daemon.cli.failure import Failure

RUNS = 20


def bench(given: argparse.Namespace) -> int:
    """Prints the time from an MQTT message to the first sample of speech."""
    runs = given.runs or RUNS
    documents = []
    if not given.json:
        print("From publishing to the first sample of speech handed to null:, embedded voice, in ms")
        print(f"{'characters':>10} {'runs':>5} {'median':>8} {'least':>8} {'most':>8}")
    try:
        with tempfile.TemporaryDirectory(prefix="hayakoe-bench-") as folder, private_broker(Path(folder)) as port:
            for latencies in measure(port, Path(folder), runs):
                one = latencies.document()
                documents.append(one)
                if not given.json:
                    row = f"{one['median_ms']:8.1f} {one['min_ms']:8.1f} {one['max_ms']:8.1f}"
                    print(f"{one['characters']:>10} {one['runs']:>5} {row}", flush=True)
    except (NoBroker, BenchError) as error:
        raise Failure(str(error)) from None
    if given.json:
        print(json.dumps({"first_sound": documents}, indent=2))
    return 0
