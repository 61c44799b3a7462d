"""The number of sentences at once follows what was measured, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from hayakoe_daemon.voice.prepare import at_once
from hayakoe_daemon.voice.prepare.at_once import choose, counts, trial
from hayakoe_daemon.voice.prepare.prepared import MANIFEST, PreparedVoice
from tests.support.split_voice import feed, split_voice


@pytest.mark.parametrize(
    ("seconds", "best"),
    [
        ({1: 4.0, 2: 4.2, 4: 1.0}, 1),  # 4 is not tried: where two are no gain, four are none
        ({1: 4.0, 2: 3.9, 4: 3.8}, 1),  # not worth it
        ({1: 4.0, 2: 3.9, 4: 2.0}, 4),
        ({1: 4.0, 2: 2.0, 4: 2.5}, 2),
        ({1: 4.0, 2: 2.0, 4: 1.5}, 4),
        ({1: 4.0}, 1),
    ],
)
def test_the_fastest_that_is_worth_it(seconds: Mapping[int, float], best: int) -> None:
    found, told = choose(seconds.__getitem__, [count for count in seconds if count > 1])
    assert found == best
    assert told.kept is (best > 1)


def test_more_cores_are_no_reason() -> None:
    assert [counts(cores) for cores in (1, 2, 3, 4, 64)] == [(), (2,), (2,), (2, 4), (2, 4)]
    assert choose(lambda count: 1.0 * count, counts(64))[0] == 1
    assert choose(lambda count: 1.0 / count, counts(2))[0] == 2


def test_what_ran_beside_the_first_trial_is_no_gain() -> None:
    busy = iter([4.0, 2.0, 2.1])  # one after the other, two at once, one after the other again
    assert choose(lambda _: next(busy), [2])[0] == 1


def test_a_trial_speaks_with_the_voice_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(at_once, "ROUNDS", 1)
    with trial(split_voice(tmp_path / "voice"), [feed(40)]) as seconds:
        assert all(seconds(count) > 0 for count in (1, 2, 4))


def test_it_is_noted_in_the_manifest_and_older_ones_count_as_one(tmp_path: Path) -> None:
    voice = split_voice(tmp_path / "voice")
    assert PreparedVoice.read(voice.folder).sentences_at_once == 1
    replace(voice, sentences_at_once=4).write()
    assert PreparedVoice.read(voice.folder).sentences_at_once == 4
    document = json.loads((voice.folder / MANIFEST).read_text())
    del document["sentences_at_once"]
    (voice.folder / MANIFEST).write_text(json.dumps(document))
    assert PreparedVoice.read(voice.folder).sentences_at_once == 1
