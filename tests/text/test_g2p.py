"""Text to phonemes with the real OpenJTalk."""

from __future__ import annotations

import pytest

from hayakoe_daemon.text.g2p import G2PError, read
from hayakoe_daemon.text.phonemes import Phonemes


def phonemes(text: str) -> Phonemes:
    return read(text).phonemes()


def said(text: str) -> str:
    """Phones, those with a high tone in capitals between slashes: `a /me/`."""
    found = phonemes(text)
    return " ".join(
        f"/{phone}" if tone else phone for phone, tone in zip(found.phones[1:-1], found.tones[1:-1], strict=True)
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("雨が", "/a m e g a"),
        ("飴が", "a /m /e /g /a"),
        ("橋が", "h a /sh /i g a"),
        ("端が", "h a /sh /i /g /a"),
        ("箸が", "/h /a sh i g a"),
        ("心が", "k o /k /o /r /o g a"),
        ("男が", "o /t /o /k /o g a"),
        ("雨、飴", "/a m e , a /m /e"),
    ],
)
def test_minimal_pairs_of_accent(text: str, expected: str) -> None:
    assert said(text) == expected


def test_tones_begin_anew_in_each_accent_phrase() -> None:
    assert said("赤い花が咲いた。") == "a /k /a /i h a /n /a g a s a /i /t /a ."


def test_phones_begin_and_end_with_an_edge() -> None:
    assert phonemes("はい").phones == ("_", "h", "a", "i", "_")
    assert phonemes("").phones == ("_", "_")
    assert phonemes("").word2ph == (1, 1)


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("はい、いいえ。", ",."),
        ("え…？！", "...?!"),
        ("「はい」", "''"),
        ("、。、。", ",.,."),
        ("あ-い—う", "--"),
        ("！", "!"),
        ("???", "???"),
    ],
)
def test_punctuation_keeps_count_and_place_and_is_low(text: str, marks: str) -> None:
    found = phonemes(text)
    punctuation = [(phone, tone) for phone, tone in zip(found.phones, found.tones, strict=True) if phone in ".,!?'-"]
    assert "".join(phone for phone, _ in punctuation) == marks
    assert not any(tone for _, tone in punctuation)


@pytest.mark.parametrize(
    ("text", "phones"),
    [
        ("きって", "k i q t e"),
        ("ほん", "h o N"),
        ("っー", "q q"),
        ("ー", "-"),
        ("ーあ", "- a"),
        ("あ、ーい", "a , - i"),
        ("ぐぇ", "g u e"),
        ("ツァ", "ts a"),
        ("スィ", "s i"),
        ("クヮ", "k w a"),
        ("ﾊﾝｶｸ", "h a N k a k u"),
        ("すき", "s u k i"),
    ],
)
def test_phones(text: str, phones: str) -> None:
    assert " ".join(phonemes(text).phones[1:-1]) == phones


def test_word2ph_shares_a_words_phones_among_its_characters() -> None:
    found = phonemes("疫病神が")
    assert found.text == "疫病神が"
    assert found.word2ph == (1, 4, 4, 3, 2, 1)
    assert phonemes("志は").word2ph == (1, 10, 2, 1)
    assert max(phonemes("粁").word2ph) == 11


def test_bert_reads_the_words_that_openjtalk_returns() -> None:
    found = read("１２本")
    assert found.normalized == "12本"
    assert found.phonemes().text == "十二本"
    assert read("LEDのＡ").phonemes().text == "LEDのA"


def test_nobody_can_read_it() -> None:
    found = phonemes("あ〇い\u0378")
    assert found.phones == ("_", "a", "'", "i", "'", "_")
    assert found.word2ph == (1, 1, 1, 1, 1, 1)


@pytest.mark.parametrize(
    "text",
    [
        "\x00",
        "\ud800",
        "あ\udfffい",
        "\u0378",
        "\u038b",
        "\U0010ffff",
        "😀",
        "\u200d",
        "゛",
        "ヷヸヹヺ",
        "々々",
        "ーーっっんんー",
    ],
)
def test_nothing_crashes(text: str) -> None:
    found = phonemes(text)
    assert len(found.tones) == sum(found.word2ph)


def test_a_text_that_is_too_long_is_a_typed_error() -> None:
    with pytest.raises(G2PError, match="8000 characters"):
        read("あ" * 8_000)
    assert len(phonemes("雨が降る。" * 190).text) == 950
