"""Words that OpenJTalk reads wrongly where they stand, told by what is around them: data/words.tsv."""

from __future__ import annotations

from hayakoe_daemon.text.verbalize import tables
from hayakoe_daemon.text.verbalize.rule import rule

RULES = (
    rule(
        "word.weekdays",
        "(?:(?<![一-龠々])(?=[月火水木金土日]{3})|(?<=毎週)(?=[月火水木金土日]{2}))(?P<days>月?火?水?木?金?土?日?)"
        r"(?=[はがにのとで、。)\s\ue000]|午[前後]|$)",
        lambda found: "、".join(f"{day}曜" for day in found["days"]) or None,
        ("月水金は体操", "月曜、水曜、金曜は体操"),
        ("毎週火金です", "毎週火曜、金曜です"),
    ),
    *(
        rule(f"word.{name}", where, said, (example, spoken))
        for name, where, said, example, spoken in tables.rows("words")
    ),
)
