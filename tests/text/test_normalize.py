from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hayakoe_daemon.text.normalize import in_marks, normalize


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("はい。", "はい."),
        ("はい、いいえ！？", "はい,いいえ!?"),
        ("「はい」『いいえ』", "'はい'いいえ"),
        ("（笑）【注】《本》", "'笑''注''本'"),
        ("“a”と’b’", "'a'と'b'"),
        ("…", "..."),
        ("‥", ".."),
        ("・・・", "..."),
        ("・・・・", "...,"),
        ("・・", ",,"),
        ("ﾊﾝｶｸｶﾞﾅ", "ハンカクガナ"),
        ("ＡＢＣ１２３", "ABC123"),
        ("①㍻㈱", "1平成'株'"),
        ("ああ～〜~", "ああーーー"),
        ("—―‐−─", "-----"),
        ("一行\n二行", "一行.二行"),
        ("；：", ""),
        ("か゛ま゜", "かま"),
        ("か\u3099", "が"),
        ("ガ\u3099", "ガ"),
        ("A♪→☆😀한\u0378々〇ゝヽαΩ", "A\u0378々〇ゝヽαΩ"),
        ("東京 大阪　京都", "東京大阪京都"),
        ("\x00\t\ud800\ufeff\U000e0001", ""),
        ("$", "."),
        ("", ""),
    ],
)
def test_every_rule(text: str, expected: str) -> None:
    assert normalize(text) == expected


@given(st.text(alphabet=st.characters(codec=None, exclude_categories=())))
def test_what_is_normalized_stays_as_it_is(text: str) -> None:
    once = normalize(text)
    assert normalize(once) == once
    assert in_marks(once) == once
    assert unicodedata.normalize("NFKC", once) == once
