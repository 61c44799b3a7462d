"""Words that OpenJTalk reads wrongly where they stand, told by what is around them: data/words.tsv."""

from __future__ import annotations

from hayakoe_daemon.text.verbalize import tables
from hayakoe_daemon.text.verbalize.rule import rule

RULES = tuple(
    rule(f"word.{name}", where, said, (example, spoken)) for name, where, said, example, spoken in tables.rows("words")
)
