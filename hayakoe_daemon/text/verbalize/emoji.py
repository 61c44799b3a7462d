"""Emoji: silent, or said by their Japanese names (Unicode CLDR)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hayakoe_daemon.text.verbalize import numbers, tables
from hayakoe_daemon.text.verbalize.draft import SAID

_PICTURE = (
    "[\U0001f000-\U0001faff\u2600-\u2604\u260e\u2611\u2614-\u2618\u261d\u2620-\u2623\u2626\u262a\u262e\u262f\u2638-\u263a\u2648-\u2653\u265f\u2660"
    "\u2663\u2666\u2668\u267b\u267e\u267f\u2692-\u2697\u2699\u269b\u269c\u26a0\u26a1\u26a7\u26aa\u26ab\u26b0\u26b1\u26bd\u26be\u26c4\u26c5\u26c8"
    "\u26ce\u26cf\u26d1\u26d3\u26d4\u26e9\u26ea\u26f0-\u26f5\u26f7-\u26fa\u26fd\u2702\u2705\u2708-\u270d\u270f\u2712\u2728\u2733\u2734\u2744\u2747"
    "\u274c\u274e\u2753-\u2755\u2757\u2763\u2764\u2795-\u2797\u27b0\u27bf\u2b50\u231a\u231b\u2328\u23cf\u23e9-\u23f3\u23f8-\u23fa]"
)
_EMOJI = re.compile(
    r"(?:[0-9#*]\ufe0f?\u20e3|"
    rf"{_PICTURE}(?:[\ufe0e\ufe0f\u200d\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]|"
    rf"(?<=\u200d)[\u2640\u2642\u2695\u2696\u2194\u2195\u27a1\u2b1b]|{_PICTURE})*|[\ufe0e\ufe0f\u200d]++) ?"
)
_ONE = re.compile(
    rf"[0-9#*]\ufe0f?\u20e3|[\U0001f1e6-\U0001f1ff]{{2}}|"
    rf"{_PICTURE}[\ufe0f\U0001f3fb-\U0001f3ff]*+(?:\u200d[^\u200d]\ufe0f?){{0,4}}"
)
_KEYCAP = re.compile(r"[0-9]")


def steps(text: str, *, named: bool) -> Iterator[tuple[int, int, str, str]]:
    """Each run of emoji: start, end, what is said, the name of the rule. A silent one is a pause between words."""
    for found in _EMOJI.finditer(text):
        start, end = found.span()
        after_word = _is_word(text[max(0, start - 1) : start])
        before_word = _is_word(text[end : end + 1])
        if keycap := _KEYCAP.match(found[0]):
            yield start, end, numbers.kanji(int(keycap[0])), "emoji.key"
        elif names := _names(found[0]) if named else "":
            yield start, end, f"{'、' * after_word}{names}{'、' * before_word}", "emoji.name"
        else:
            yield start, end, "、" * (after_word and before_word), "emoji.silent"


def _is_word(character: str) -> bool:
    return character.isalnum() or character == SAID


def _names(emoji: str) -> str:
    table = tables.pairs("emoji")
    plain = [re.sub("[\ufe0f\U0001f3fb-\U0001f3ff]", "", one) for one in _ONE.findall(emoji)]
    return "、".join(filter(None, (table.get(one) or table.get(one[:1]) for one in plain)))
