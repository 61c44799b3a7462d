"""Runs in the peer's own Python: has HayaKoe speak, and records what went into its graphs and came out of them.

    PYTHON peer_speaks.py MODELS JOBS.json OUT

HayaKoe is taken as it comes; its calls of ONNX Runtime are watched from outside. A job is {voice, style, text}; of each
one OUT gets NUMBER.npz: the features of each BERT pass (bert_0...) with their tokens (tokens_0...), the synthesizer's
samples of each sentence (sound_0...) with its phones (phones_0...), and what was handed out in the end, int16 (data).
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"
import numpy as np
import onnxruntime

_calls: list[tuple[str, dict[str, Any], list[Any]]] = []


class _Watched(onnxruntime.InferenceSession):  # type: ignore[misc]  # has no types
    def __init__(self, path: Any, *rest: Any, **named: Any) -> None:
        self._file = Path(str(path)).name
        super().__init__(path, *rest, **named)

    def run(self, outputs: Any, feeds: Any, *rest: Any) -> list[Any]:
        results = super().run(outputs, feeds, *rest)
        _calls.append((self._file, dict(feeds), [np.array(result) for result in results]))
        return list(results)


def main() -> None:
    models, jobs_file, out = sys.argv[1:]
    onnxruntime.InferenceSession = _Watched
    import hayakoe  # type: ignore[import-not-found]  # noqa: PLC0415, after the session was replaced

    jobs = json.loads(Path(jobs_file).read_text(encoding="utf-8"))
    tts = hayakoe.TTS(device="cpu", bert_source=models)
    for voice in sorted({job["voice"] for job in jobs}):
        tts.load(voice, source=models)
    tts.prepare()
    for number, job in enumerate(jobs):
        _calls.clear()
        speaker = tts.speakers[job["voice"]]
        spoken = speaker.generate(job["text"], style=job["style"], noise=0, noise_w=0, sdp_ratio=0, batch_bert=False)
        np.savez(Path(out) / f"{number}.npz", data=spoken.data, **_recorded())


def _recorded() -> dict[str, Any]:
    berts = [call for call in _calls if "input_ids" in call[1]]
    read = [call for call in _calls if "x" in call[1]]
    sounds = [call for call in read if call[0] == "synthesizer.onnx"]
    arrays: dict[str, Any] = {}
    for number, (_, feeds, (hidden, *_)) in enumerate(berts):
        arrays |= {f"tokens_{number}": feeds["input_ids"][0], f"bert_{number}": hidden[0]}
    for number, (_, feeds, _) in enumerate(read):
        arrays |= {f"phones_{number}": feeds["x"][0], f"tones_{number}": feeds["tone"][0]}
    for number, (_, _, (sound, *_)) in enumerate(sounds):
        arrays[f"sound_{number}"] = sound.reshape(-1)
    return arrays


if __name__ == "__main__":
    main()
