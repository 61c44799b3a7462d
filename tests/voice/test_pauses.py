from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pytest

from hayakoe_daemon.text import g2p
from hayakoe_daemon.text.sentences import split
from hayakoe_daemon.text.tokenizer import Tokenizer
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice.engine import Manner
from hayakoe_daemon.voice.feeding import Feeder
from hayakoe_daemon.voice.pauses import (
    SHORTEST,
    WINDOW,
    Rests,
    Window,
    frames_of_rests,
    joined,
    silence_at_end,
    window_around,
)
from hayakoe_daemon.voice.style import Styles
from hayakoe_daemon.voice.synthesizer import Counts, Feed, Floats
from tests.support import voices

HOP, RATE = 512, 44_100


def rests(text: str) -> list[tuple[str, ...]]:
    """For each rest, the mark whose durations count in it and the phone before it: each id is tried alone."""
    passage = split(text)
    row = g2p.read(joined(passage)).phonemes()
    alone = [g2p.read(one.text).phonemes().phones for one in passage]
    places = range(2 * len(row.phones) + 1)
    taken: list[list[int]] = [[] for _ in passage]
    for place in places:
        frames = np.zeros(len(places), np.int64)
        frames[place] = 1
        for number, rest in enumerate(frames_of_rests(row, frames, alone)):
            if rest:
                taken[number].append(place)
    assert all(one == list(range(one[0], one[0] + 3)) for one in taken if one), "a mark with both its blanks"
    return [(row.phones[one[1] // 2], row.phones[one[1] // 2 - 1]) if one else () for one in taken]


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("はい。うん！あ？", [(".", "i"), ("!", "N"), ("?", "a")]),
        ("そう…。えっ？！うん。", [(".", "."), ("!", "?"), (".", "N")]),
        ("はい\nいいえ。\n\n段落です", [(".", "i"), (".", "."), ()]),
        ("「はい。」と言った。次です。", [(".", "a"), (".", "u")]),
        ("「はい。」次です。", [(".", "i"), (".", "u")]),
    ],
)
def test_a_rest_is_at_the_last_mark_of_its_sentence(text: str, marks: list[tuple[str, ...]]) -> None:
    assert rests(text) == marks


def test_a_long_sentence_that_was_cut_rests_at_its_comma() -> None:
    passage = split("今日は朝からとても良い天気でしたので、" * 8 + "散歩に行きました。")
    assert len(passage) == 2
    row = g2p.read(joined(passage)).phonemes()
    frames = np.ones(2 * len(row.phones) + 1, np.int64)
    assert frames_of_rests(row, frames, [g2p.read(one.text).phonemes().phones for one in passage]) == (3, 3)


def test_where_a_pause_was_asked_for_no_line_end_is_read() -> None:
    assert joined(split("はい。\n次です。")) == "はい。\n次です。"
    assert joined(split("はい。\n\n次です。")) == "はい。\n\n次です。"
    assert joined(split("はい。\n[pause 2000]次です。")) == "はい。次です。"


# -------------------------------------------------------------------------------------------------------------- windows


def passage_of(*lengths: int) -> list[Utterance]:
    return [Utterance(index, "あ" * length, 0.4) for index, length in enumerate(lengths)]


@pytest.mark.parametrize(
    ("lengths", "windows"),
    [
        ((32, 32), [(0, 2), (0, 2)]),
        ((32, 32, 1), [(0, 2), (0, 2), (2, 3)]),
        ((40, 120, 40), [(0, 1), (1, 2), (2, 3)]),
        ((30, 30, 30, 30, 30), [(0, 2), (0, 2), (2, 4), (2, 4), (4, 5)]),
    ],
)
def test_windows_are_cut_at_sentence_ends(lengths: Sequence[int], windows: list[tuple[int, int]]) -> None:
    passage = passage_of(*lengths)
    assert [window_around(passage, n) for n in range(len(passage))] == [Window(*one) for one in windows]


class Counted:
    """A synthesizer whose ids last 4 frames each; notes how many it is asked about."""

    sample_rate, hop_length, seeded = RATE, HOP, False

    def __init__(self, frames: int | None = 4) -> None:
        self.frames = frames
        self.passes: list[int] = []

    def stream(self, feed: Feed, seed: int | None = None) -> list[Floats]:
        raise NotImplementedError

    def durations(self, feed: Feed, seed: int | None = None) -> Counts | None:
        self.passes.append(len(feed.ids.phones))
        return None if self.frames is None else np.full(len(feed.ids.phones), self.frames, np.int64)

    def close(self) -> None: ...


class Featureless:
    """BERT that finds no meaning in anything."""

    def __init__(self) -> None:
        self.tokenizer = Tokenizer(voices.tiny())

    def features(self, token_ids: Sequence[int], then: Iterable[Sequence[int]] = ()) -> Floats:
        return np.zeros((len(token_ids), 1024), np.float32)

    def close(self) -> None: ...


def told(synthesizer: Counted) -> Rests:
    files = voices.voice_files()
    return Rests(Feeder(Featureless(), Styles(files.style_vectors, files.config.styles)), synthesizer)  # type: ignore[arg-type]


def test_one_pass_tells_all_rests_of_a_text() -> None:
    synthesizer = Counted(30)
    asked, passage = told(synthesizer), split("はい。うん！そうですね。")
    assert synthesizer.passes == []
    assert [asked.after(passage, n, Manner()) for n in range(3)] == [pytest.approx(90 * HOP / RATE)] * 3
    assert len(synthesizer.passes) == 1
    asked.after(passage, 0, Manner(style="Happy"))
    assert len(synthesizer.passes) == 2


def test_a_long_text_is_read_window_by_window_when_it_comes_to_them() -> None:
    synthesizer = Counted()
    asked, passage = told(synthesizer), split("今日は朝からとても良い天気でしたので散歩に行きました。" * 20)
    for position in range(len(passage)):
        assert asked.after(passage, position, Manner()) is not None
        assert len(synthesizer.passes) == window_around(passage, position).start // 2 + 1
    assert max(synthesizer.passes) < 2 * 3 * WINDOW


def test_80_ms_at_least() -> None:
    assert told(Counted(1)).after(split("はい。うん。"), 0, Manner()) == SHORTEST


def test_a_model_that_does_not_tell_is_asked_once() -> None:
    synthesizer = Counted(None)
    asked = told(synthesizer)
    assert asked.after(split("はい。うん。"), 0, Manner()) is None
    assert asked.after(split("はい。いいえ。"), 0, Manner()) is None
    assert len(synthesizer.passes) == 1


# -------------------------------------------------------------------------------------------------------------- silence


@pytest.mark.parametrize(("quiet", "counted"), [(0, 0), (440, 0), (441, 441), (600, 441), (1023, 882), (5120, 4851)])
def test_silence_is_counted_in_steps_of_10_ms(quiet: int, counted: int) -> None:
    samples = np.full(51_200, 0.5, np.float32)
    samples[51_200 - quiet :] = 0
    assert round(silence_at_end(samples, RATE) * RATE) == counted


@pytest.mark.parametrize(("level", "counted"), [(0.0199, 4410), (0.0201, 0)])
def test_silence_is_what_is_below_a_fiftieth_of_the_peak(level: float, counted: int) -> None:
    samples = np.full(44_100, 0.3, np.float32)
    samples[100] = -0.5
    samples[-4410:] = 0.5 * level
    assert round(silence_at_end(samples, RATE) * RATE) == counted


def test_where_nothing_sounds_all_is_silence() -> None:
    assert silence_at_end(np.zeros(RATE, np.float32), RATE) == 1.0
