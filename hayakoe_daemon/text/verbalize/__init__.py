"""Reads Japanese the way homes write it: `7:30` is しちじさんじゅっぷん, `-3℃` is マイナスさんど.

`Verbalizer` turns a text into words that pass through the voices' normalization unchanged, and tells by which rules.
"""

from hayakoe_daemon.text.home_rules import HomeRule, HomeRuleError
from hayakoe_daemon.text.verbalize.draft import Step
from hayakoe_daemon.text.verbalize.verbalizer import RULES, Spoken, Verbalizer

__all__ = ["RULES", "HomeRule", "HomeRuleError", "Spoken", "Step", "Verbalizer"]
