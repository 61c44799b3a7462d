"""Speaks with the peer `hayakoe`, by its public interface and with the settings that its users have by default.

Run by the peer's own interpreter, so nothing of ours is imported here. See process.py for what goes over the pipes.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from typing import Any


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever else is printed is no answer
    requests = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115, it is standard input

    def answer(document: dict[str, Any]) -> None:
        answers.write(json.dumps(document) + "\n")
        answers.flush()

    wanted = json.loads(requests.readline())
    try:
        with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR") or "/var/tmp") as cache:  # noqa: S108, as in `scratch`
            tts = load(wanted["models"], wanted["voice"], wanted["device"], cache)
            answer({"ready": True})
            for line in requests:
                request = json.loads(line)
                answer(say(tts.speakers[wanted["voice"]], request["text"], request["sound"]))
    except Exception as error:  # noqa: BLE001, whatever it was, whoever measures is told
        answer({"error": f"{type(error).__name__}: {error}"})


def load(models: str, voice: str, device: str, cache: str) -> Any:
    from hayakoe import TTS  # type: ignore[import-not-found]  # noqa: PLC0415, the time it takes is a part of loading

    return TTS(device=device, bert_source=models, cache_dir=cache).load(voice, source=models).prepare()


def say(speaker: Any, text: str, sound: str | None) -> dict[str, Any]:
    begun, cpu = time.perf_counter(), time.process_time()
    first = None
    pieces = []
    audio = 0.0
    for piece in speaker.stream(text):  # sentence by sentence, which is how it is heard soonest
        if first is None:
            first = time.perf_counter() - begun
        audio += len(piece.data) / piece.sr
        pieces.append(piece.data)
    total, cpu = time.perf_counter() - begun, time.process_time() - cpu
    if sound is not None:
        import numpy as np  # noqa: PLC0415, it has it already

        np.save(sound, np.concatenate(pieces).astype(np.float32) / 32768)
    return {"first_sound": first, "total": total, "audio": audio, "cpu": cpu, "parts": {}}


if __name__ == "__main__":
    main()
