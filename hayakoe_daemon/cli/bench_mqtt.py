"""`hayakoe-daemon bench --mqtt`."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from typing import Any

from hayakoe_daemon.bench.broker import NoBroker, private_broker
from hayakoe_daemon.bench.configuration import EMBEDDED, BenchError
from hayakoe_daemon.bench.mqtt_first_sound import measure
from hayakoe_daemon.bench.scratch import scratch
from hayakoe_daemon.cli.failure import Failure
from hayakoe_daemon.cli.in_force import voice_to_measure
from hayakoe_daemon.cli.settle import config_or_defaults
from hayakoe_daemon.config.model import Config
from hayakoe_daemon.config.places import prepared_dir, voices_dir
from hayakoe_daemon.voices import installed

RUNS = 20


def bench(given: argparse.Namespace, tell: Callable[[str], None]) -> int:
    """Prints the time from an MQTT message to the first sample of speech."""
    runs = given.runs or RUNS
    documents = []
    config = config_or_defaults(given)
    voice = voice_to_measure(given, config, tell)
    if voice not in (there := installed(voices_dir(config, os.environ))):
        raise Failure(f'there is no voice "{voice}"; there are: {", ".join(there)}')
    sections = None if voice == EMBEDDED else _sections(voice, config)
    if not given.json:
        print(f"From publishing to the first sample of speech handed to null:, voice {voice}, in ms")
        print(f"{'characters':>10} {'runs':>5} {'median':>8} {'least':>8} {'most':>8}")
    try:
        with scratch() as folder, private_broker(folder) as port:
            for latencies in measure(port, folder, runs, sections):
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


def _sections(voice: str, config: Config) -> dict[str, Any]:
    """A daemon that speaks with this voice of ours, as it was prepared."""
    voices = config.voices.model_dump(include={"prepare", "precision", "int8_snr", "int8_log_mel"})
    places = {"dir": str(voices_dir(config, os.environ)), "prepared_dir": str(prepared_dir(config, os.environ))}
    return {"speech": {"voice": voice}, "voices": {**voices, **places}}
