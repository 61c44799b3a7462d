from __future__ import annotations

import pytest

from hayakoe_daemon.text.verbalize import Verbalizer

SILENT, NAMED = Verbalizer(), Verbalizer(emoji_names=True)


@pytest.mark.parametrize(
    ("text", "silent", "named"),
    [
        ("お疲れさま😀今日は", "お疲れさま、今日は", "お疲れさま、にっこり笑う、今日は"),
        ("おめでとう🎉", "おめでとう", "おめでとう、クラッカー"),
        ("寒いね❄️", "寒いね", "寒いね、雪の結晶"),
        ("👨‍👩‍👧です", "です", "家族 男性 女性 女の子、です"),
        ("1️⃣番", "一番", "一番"),
        ("🇯🇵", "", "旗 日本"),
    ],
)
def test_emoji_are_silent_or_named(text: str, silent: str, named: str) -> None:
    assert SILENT(text) == silent
    assert NAMED(text) == named
