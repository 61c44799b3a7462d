"""What feeds, calendars and notes leave in their texts: tags and entities of HTML, marks of Markdown."""

from __future__ import annotations

import re

from hayakoe_daemon.text.verbalize.rule import rule
from hayakoe_daemon.text.verbalize.rules.symbols import opening

_ENTITIES = {"amp": "アンド", "nbsp": " "}
_BREAKS = "br|p|div|li|ul|ol|tr|table|h[1-6]|hr"


def _struck(found: re.Match[str]) -> str | None:
    """The marks of ~~牛乳~~; すごい~~ね has none."""
    first = max(0, found.start() - 100)
    line = found.string[first : found.start()].rpartition("\n")[2]
    return "" if found["open"] or re.search(r"(?<![ぁ-んァ-ヶー~])~~[^\s~]", line) else None


TAGS = (
    rule(
        "markup.break",
        rf"(?:</?(?:{_BREAKS})(?: [^<>]{{0,200}})?/?>){{1,9}}",
        opening,
        ("晴れ<br>ときどき雨", "晴れ、ときどき雨"),
    ),
    rule(
        "markup.tag",
        r"</?(?:[abiu]|em|strong|span|small|big|font|code|pre|img|td|th|tbody|thead|center|html|body)"
        r"(?: [^<>]{0,200})?/?>",
        "",
        ("<b>重要</b>です", "重要です"),
    ),
    rule(
        "markup.entity",
        r"&(?:(?P<name>amp|lt|gt|nbsp)|quot|apos|#39|#x27|#34);",
        lambda found: _ENTITIES.get(found["name"] or "", ""),
        ("父&amp;母", "父アンド母"),
    ),
)
"""What feeds and calendars leave in their texts, before anything else."""

MARKDOWN = (
    rule(
        "markdown.task",
        r"(?m:^) {0,8}(?:[-*+•] +)?\[(?P<x>[ xX✓✔])\] +(?=\S)",
        lambda found: "" if found["x"] == " " else "済み、",
        ("- [ ] 牛乳", "牛乳"),
        ("- [x] 卵", "済み、卵"),
    ),
    rule(
        "markdown.bullet",
        r"(?m:^) {0,8}(?:[-*•] +(?=[^\s+-])(?![0-9.]+ ?(?:[℃°度%]|dB|$))|[+] +(?=[^\s0-9+-]))",
        "",
        ("- 牛乳", "牛乳"),
        ("* パン", "パン"),
    ),
    rule(
        "markdown.struck",
        r"(?P<open>(?<![~ぁ-んァ-ヶー])~~(?=[^\s~][^~\n]{0,100}~~))|(?<=[^\s~])~~(?!~)",
        _struck,
        ("~~牛乳~~とパン", "牛乳とパン"),
    ),
    rule(
        "markdown.link",
        r"\[[^\[\]\n]{1,80}(?P<w>\]\(https?://[^\s()]{1,300}\))",
        "",
        ("[予報](https://example.com/a)を見る", "予報を見る"),
    ),
)
