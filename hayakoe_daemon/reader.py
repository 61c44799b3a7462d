"""How this house reads a text: by its own rules and words, then by everybody's, then sentence by sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hayakoe_daemon.text import openjtalk
from hayakoe_daemon.text.dictionary import UserWord
from hayakoe_daemon.text.home_rules import HomeRule
from hayakoe_daemon.text.sentences import split
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.text.verbalize import Spoken, Verbalizer


class Reader:
    """`rules` are regular expressions and the words for them; HomeRuleError where one is none.

    Any thread may have it read; the rules and words that count are those at the time.
    """

    def __init__(self, rules: Mapping[str, str], *, emoji_names: bool) -> None:
        self._words: Sequence[UserWord] = ()
        self.change(rules, emoji_names=emoji_names)

    def change(self, rules: Mapping[str, str], *, emoji_names: bool) -> None:
        """Read by these rules from now on. Raises HomeRuleError, and nothing has changed."""
        self._home_rules = tuple(HomeRule.of(pattern, say) for pattern, say in rules.items())
        self._emoji_names = emoji_names
        self._renew()

    def teach(self, words: Sequence[UserWord]) -> None:
        """Use these words and no others, here and in OpenJTalk. Raises G2PError, and nothing has changed."""
        openjtalk.teach(words)
        self._words = tuple(words)
        self._renew()

    def spoken(self, text: str) -> Spoken:
        """What is said for the text, taken whole, and which rules fired."""
        return self._verbalizer.spoken(text)

    def split(self, text: str) -> tuple[Utterance, ...]:
        """The utterances of an announcement."""
        return split(text, self._verbalizer)

    def _renew(self) -> None:
        words = (one.word for one in self._words)
        self._verbalizer = Verbalizer(self._home_rules, words, emoji_names=self._emoji_names)
