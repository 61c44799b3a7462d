"""Whole sentences through real OpenJTalk: lists of what homes say, and prose that must stay right."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hayakoe_daemon.text.g2p import G2PError, read
from hayakoe_daemon.text.verbalize import Verbalizer
from tests.support.readings import Sentence, sentences

OUR_OWN = Path(__file__).parent / "sentences.tsv"
MISREAD = Path(__file__).parent / "misread.tsv"
"""What was misread once, and its neighbours that were not."""
SHARED = Path(os.environ.get("HAYAKOE_SHARED") or Path(__file__).parents[4] / "shared")

VERBALIZER = Verbalizer()


def kana(text: str) -> str:
    try:
        return read(text).kana
    except G2PError:
        return ""


def wrong(rows: list[Sentence]) -> Iterator[str]:
    for row in rows:
        spoken = VERBALIZER(row.text)
        if not row.is_read_by(kana(spoken)):
            yield f"{row.text} → {spoken} → {kana(spoken)}"


def corpus(name: str) -> list[Sentence]:
    path = SHARED / "corpora" / name
    if not path.exists():
        pytest.skip(f"there is no {path}; HAYAKOE_SHARED names the folder above corpora")
    return sentences(path)


def test_sentences_of_our_own() -> None:
    rows = sentences(OUR_OWN)
    assert len(rows) > 300
    misread = list(wrong(rows))
    assert len(misread) <= 0.02 * len(rows), "\n".join(misread)


def test_what_was_misread_once() -> None:
    assert list(wrong(sentences(MISREAD))) == []


def test_the_shared_list_of_sentences() -> None:
    rows = corpus("home_reading.tsv")
    misread = list(wrong(rows))
    assert len(misread) <= 0.03 * len(rows), "\n".join(misread)


@pytest.mark.parametrize(("name", "at_least"), [("ita_reading.tsv", 92.7), ("rohan_reading.tsv", 90.7)])
def test_prose_stays_right(name: str, at_least: float) -> None:
    rows = corpus(name)
    right = 0
    spoilt = []
    for row in rows:
        spoken = VERBALIZER(row.text)
        is_right = row.is_read_by(kana(spoken))
        right += is_right
        if not is_right and spoken != row.text and row.is_read_by(kana(row.text)):
            spoilt.append(f"{row.text} → {spoken}")
    assert spoilt == []
    assert 100 * right / len(rows) >= at_least


@pytest.mark.parametrize("name", ["ita_reading.tsv", "rohan_reading.tsv"])
def test_words_alone_change_by_word_rules_only(name: str) -> None:
    only_words = re.compile(r"[、。！？ぁ-ゖァ-ヺー々一-\u9fff]*")
    for row in corpus(name):
        if only_words.fullmatch(row.text):
            result = VERBALIZER.spoken(row.text)
            assert all(step.rule.startswith(("word.", "characters")) for step in result.steps), result
            assert result.text == row.text or result.steps


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("グァテマラ", "g u a t e m a r a"),
        ("ツァイ", "ts a i"),
        ("スィーツ", "s i i ts u"),
        ("ツェッペリン", "ts e q p e r i N"),
        ("ヴァイオリン", "v a i o r i N"),
        ("ディナー", "d i n a a"),
    ],
)
def test_rare_moras_are_one_mora(word: str, phones: str) -> None:
    assert " ".join(read(VERBALIZER(word)).phonemes().phones[1:-1]) == phones


PAIRS = [
    ("あと十分で着きます", "アトジュップンデツキマス"),
    ("十分な水を与えます", "ジューブンナミズヲアタエマス"),
    ("毎月1日に払う", "マイツキツイタチニハラウ"),
    ("1日3回飲む", "イチニチサンカイノム"),
    ("人気の番組です", "ニンキノバングミデス"),
    ("人気のない道です", "ヒトケノナイミチデス"),
    ("今日は何日ですか", "キョーワナンニチデスカ"),
    ("市場で野菜を買いました", "イチバデヤサイヲカイマシタ"),
    ("株式市場は休みです", "カブシキシジョーワヤスミデス"),
    ("担当の方が来られました", "タントーノカタガコラレマシタ"),
    ("駅の方に向かう", "エキノホーニムカウ"),
    ("会議を行った", "カイギヲオコナッタ"),
    ("学校に行った", "ガッコーニイッタ"),
    ("二十歳の誕生日", "ハタチノタンジョービ"),
    ("冷蔵庫が空です", "レーゾーコガカラデス"),
    ("空を見上げる", "ソラヲミアゲル"),
    ("辛いカレー", "カライカレー"),
    ("辛い思い出", "ツライオモイデ"),
    ("何でしょう", "ナンデショー"),
    ("何が食べたい", "ナニガタベタイ"),
    ("他は正常です", "ホカワセージョーデス"),
    ("その他の設定", "ソノタノセッテー"),
]


@pytest.mark.parametrize(("text", "reading"), PAIRS)
def test_context_decides(text: str, reading: str) -> None:
    assert Sentence("", text, reading).is_read_by(kana(VERBALIZER(text)))
