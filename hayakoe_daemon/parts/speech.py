"""Speech as a part of this house: how a text is read, which voices there are to say it, and how they are set."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

from hayakoe_daemon import derived
from hayakoe_daemon.announcement import Announcement
from hayakoe_daemon.config.model import Config
from hayakoe_daemon.config.places import dictionary_file, state_dir
from hayakoe_daemon.dials import Dials, valid
from hayakoe_daemon.overrides import OVERRIDES_FILE, Overrides, Value
from hayakoe_daemon.parts.reports import Reports
from hayakoe_daemon.phrases import Phrases
from hayakoe_daemon.reader import Reader
from hayakoe_daemon.text.dictionary import UserWord
from hayakoe_daemon.voice.ladder import Wish
from hayakoe_daemon.voice.render_queue import RenderQueue
from hayakoe_daemon.voices import Voices
from hayakoe_daemon.words import WordBook


class Speech:
    """They belong together: a word, a voice or a setting that changes is shown, and has the phrases made anew."""

    def __init__(self, config: Config, reports: Reports) -> None:
        self._board = reports.board
        self.dials = Dials(
            config,
            Overrides(state_dir(config, os.environ) / OVERRIDES_FILE, valid),
            zone=lambda config: derived.zone(config, reports.herald.trouble),
            shown=self._show_settings,
            trouble=reports.trouble("state"),
        )
        self.reader = Reader(config.reading.rules, emoji_names=config.reading.emoji_names)
        self.words = WordBook(dictionary_file(config, os.environ), self._teach, reports.trouble("dictionary"))
        self.renders = RenderQueue()
        self.cache = derived.render_cache(config, os.environ, reports.trouble("cache"))
        self.voices = Voices(
            derived.voice_plan(config, os.environ),
            self.renders,
            changed=self._show_voices,
            trouble=reports.trouble("voice"),
            cache=self.cache,
        )
        self.phrases = Phrases(
            config.cache.phrases,
            wish=lambda: self.wish(Announcement("phrase", "", "phrase", 0.0)),
            split=self.reader.split,
            ladder=self.voices.ladder,
            renders=self.renders,
            cache=self.cache,
        )

    def wish(self, announcement: Announcement) -> Wish:
        """How it is to be said, as things are set now."""
        return self.dials.settings().wish(announcement)

    @property
    def upkeep(self) -> Mapping[str, Callable[[], None]]:
        """What threads of these names are to call again and again; without them the embedded voice speaks."""
        return {**self.voices.steps, **self.renders.beside, "cache": self.cache.step}

    def take(self, config: Config) -> None:
        """Another config. Voices that are out of order are tried again, and the dictionary is read again."""
        self.dials.take(config)
        self.reader.change(config.reading.rules, emoji_names=config.reading.emoji_names)
        self.words.reload(dictionary_file(config, os.environ))
        self.take_voices(config)
        self.phrases.take(config.cache.phrases)

    def take_voices(self, config: Config) -> None:
        """The voices that are there now, as the config wishes them."""
        self.voices.take(derived.voice_plan(config, os.environ))

    def _show_settings(self, values: dict[str, Value]) -> None:
        self._board.settings(values)
        self._show_voices()

    def _show_voices(self) -> None:
        self._board.voices(self.voices.document(), self.voices.styles(self.dials.settings().voice))
        self.phrases.look()

    def _teach(self, words: Sequence[UserWord]) -> None:
        self.reader.teach(words)
        self.phrases.look(read_otherwise=True)
