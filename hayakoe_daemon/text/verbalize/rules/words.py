"""Words that OpenJTalk reads wrongly where they stand, told by what is around them: data/words.tsv."""

from __future__ import annotations

from hayakoe_daemon.text.verbalize import tables
from hayakoe_daemon.text.verbalize.rule import rule

_OF_BOYS = {"歩": "アユム", "隼": "シュン"}
_OF_GIRLS = {"円": "マドカ", "望": "ノゾミ", "奏": "カナデ"}
_OF_BOTH = {
    "律": "リツ",
    "新": "アラタ",
    "暖": "ダン",
    "詩": "ウタ",
    "空": "ソラ",
    "晴": "ハル",
    "慧": "ケイ",
    "和": "カズ",
}
_GIVEN_NAMES = _OF_BOYS | _OF_GIRLS | _OF_BOTH
"""Children's names that OpenJTalk takes for other words; said so before 君, くん and ちゃん alone."""

RULES = (
    rule(
        "word.given_name",
        rf"[{''.join(_OF_BOTH | _OF_BOYS)}](?=君(?![一-龠])|くん)(?<![一-龠々\ue000].)|"
        rf"[{''.join(_OF_BOTH | _OF_GIRLS)}](?=ちゃん)(?<![一-龠々\ue000].)",
        lambda found: _GIVEN_NAMES[found[0]],
        ("律くんと詩ちゃん", "リツくんとウタちゃん"),
    ),
    rule(
        "word.weekdays",
        "(?:(?<![一-龠々])(?=[月火水木金土日]{3})|(?<=毎週)(?=[月火水木金土日]{2}))(?P<days>月?火?水?木?金?土?日?)"
        r"(?=[はがにのとで、。)\s\ue000]|午[前後]|$)",
        lambda found: "、".join(f"{day}曜" for day in found["days"]) or None,
        ("月水金は体操", "月曜、水曜、金曜は体操"),
        ("毎週火金です", "毎週火曜、金曜です"),
    ),
    rule(
        "word.weekdays_apart",
        r"(?<![一-龠々])[月火水木金土日](?: [月火水木金土日]){1,6}(?=[はがにのとで、。)\s\ue000]|$)",
        lambda found: "、".join(f"{day}曜" for day in found[0].split()),
        ("毎週 月 水 金は体操", "毎週 月曜、水曜、金曜は体操"),
    ),
    *(
        rule(f"word.{name}", where, said, (example, spoken))
        for name, where, said, example, spoken in tables.rows("words")
    ),
)
