from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hayakoe_daemon.text.openjtalk import SAMPLE_RATE, G2PError, labels, synthesize
from tests.support.waiting import patient


def phones(text: str) -> str:
    return " ".join(label.phone for label in labels(text))


def test_labels_know_their_phones() -> None:
    assert phones("今日は、雨です。") == "sil ky o o w a pau a m e d e s U sil"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "。",
        "、、",
        "？！",
        "😀",
        "…",
        "ー",
        "「ー」",
        "^_^",
        "\x00",
        "\x1b\x07",
        "\u0378",
        "\u200d",
        "한국",
        "々",
        "\ue000",
    ],
)
def test_nothing_to_say(text: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert labels(text) == ()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("text", ["あ" * 8_000, "\ud800", "はい\udfff"])
def test_what_openjtalk_cannot_read_is_a_typed_error(text: str) -> None:
    with pytest.raises(G2PError):
        labels(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ーあ", "sil a sil"),
        ("あ。ー", "sil a sil"),
        ("！あ", "sil a sil"),
        ("あ\x00い", "sil a i sil"),
        ("んー", "sil N N sil"),
    ],
)
def test_sounds_that_stand_where_none_can_be_are_left_out(
    text: str, expected: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert phones(text) == expected
    assert capfd.readouterr().err == ""


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=120), st.text(alphabet="ーっんあぁゃ。、！？ 漢一2.a’ヴ゛々〜", max_size=40)))
@example("’")
@example("ァ゛ー、ー？")
def test_any_text_gives_labels_or_a_typed_error(text: str) -> None:
    try:
        found = labels(text)
    except G2PError:
        return
    if found:
        assert found[0].phone == found[-1].phone == "sil"
        assert all(label.phone for label in found)


def test_the_wave() -> None:
    wave = synthesize(labels("こんにちは"))
    assert wave.dtype == np.float32
    assert 0.5 < len(wave) / SAMPLE_RATE < 2.0
    assert 0.1 < np.abs(wave).max() < 2.0
    assert np.array_equal(wave, synthesize(labels("こんにちは")))
    assert len(synthesize(labels("こんにちは"), speed=2.0)) == pytest.approx(len(wave) / 2, rel=0.05)


def test_a_runaway_filter_gives_infinity_and_no_warning() -> None:
    assert np.abs(synthesize(labels("ア" * 120))).max() > 1e30


def test_nothing_is_printed_and_no_sudachi_is_loaded() -> None:
    code = (
        "import sys; from hayakoe_daemon.text.openjtalk import labels, synthesize\n"
        "assert synthesize(labels('表の方が上手だ。何が？')).any()\n"
        "assert labels('𠙒と叾と㐂')\n"
        "assert 'onnxruntime' not in sys.modules\n"
        "assert sys.modules['pyopenjtalk'].utils._SUDACHI_DICTIONARY is None\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=patient(60)
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
