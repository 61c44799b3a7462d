"""Words that OpenJTalk reads wrongly where they stand, told by what is around them."""

from __future__ import annotations

from hayakoe_daemon.text.verbalize.rule import rule

RULES = (
    rule("word.ten_minutes", r"(?<![0-9一二三四五六七八九十])十分(?=(?:前|後|間|ほど|くらい|ぐらい|程度|以内|以上|おき|ごと|ずつ|遅れ|経|たっ|たち|で(?:着|到|終|焼|で|行|戻|帰)|待|休|歩|早|過ぎ|だけ))|(?<=あと)十分|(?<=約)十分|(?<=時)十分|(?<=残り)十分|(?<=およそ)十分", "ジュップン", ("あと十分で着きます", "あとジュップンで着きます"), ("十分後に出る", "ジュップン後に出る")),
)
