"""From a template to what is said now: sentence by sentence, each with what its sources have to offer."""

from __future__ import annotations

import difflib
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from hayakoe_daemon.announcement import MAX_TEXT
from hayakoe_daemon.schedule.filters import filters
from hayakoe_daemon.schedule.sources.look import Look, Standing
from hayakoe_daemon.schedule.templates.budget import Budget
from hayakoe_daemon.schedule.templates.errors import TemplateError

if TYPE_CHECKING:
    from hayakoe_daemon.schedule.templates.template import Sentence, Template, Workshop

BRIEFINGS = "briefings"
ALWAYS = ("now", "today", "tomorrow", "yesterday", BRIEFINGS)
"""Names that every template knows besides its sources; `briefings.NAME` is what that briefing says."""

NOTHING_KNOWN = "今お伝えする情報を取れませんでした。"
"""What is said where each sentence fell back to silence."""

NOTHING_TO_SAY = "今お伝えすることはありません。"
"""What is said where nothing failed, and nothing is there to say."""

_REMEMBERED = 64


@dataclass(frozen=True, slots=True)
class Composed:
    """What is said, and, in plain English, what could not be."""

    text: str
    notes: tuple[str, ...] = ()


def is_template(text: str, *, full: bool) -> bool:
    """Whether there is anything in it to fill in; else it is said as it stands."""
    return "{{" in text or (full and ("{%" in text or "{#" in text))


class Composer:
    """Composes texts from any thread, without waiting for anything outside.

    `look` tells what the sources have to offer at a time. `configure` says which sources and briefings (their
    templates by name) there are.
    """

    def __init__(self, look: Callable[[float], Mapping[str, Look]]) -> None:
        self._look = look
        self._lock = threading.Lock()
        self._zone = ZoneInfo("UTC")
        self._sources: Collection[str] = ()
        self._briefings: Mapping[str, str] = {}
        self._read: OrderedDict[tuple[str, bool], Template] = OrderedDict()
        self._workshop: Workshop | None = None
        self._now = datetime.fromtimestamp(0, self._zone)

    def configure(self, zone: ZoneInfo, sources: Collection[str], briefings: Mapping[str, str]) -> None:
        with self._lock:
            self._zone, self._sources, self._briefings = zone, tuple(sources), dict(briefings)
            self._read.clear()
            self._workshop = None

    def check(self, text: str, *, full: bool) -> None:
        """Raises TemplateError where the text cannot be composed: what, where, and what there is instead."""
        if not is_template(text, full=full):
            return
        with self._lock:
            template = self._template(text, full=full)
            _check_names("source", template.names, (*self._sources, *ALWAYS))
            _check_names("briefing", template.parts_of(BRIEFINGS), self._briefings)

    def check_briefing(self, text: str) -> None:
        """The same of the text of a briefing. Raises TemplateError."""
        self.check(text, full=True)
        if BRIEFINGS in self._names_in(text):
            raise TemplateError("a briefing cannot hold another one")

    def sources_of(self, text: str) -> frozenset[str]:
        """The sources that a template of the config speaks of."""
        try:
            return frozenset(self._names_in(text)).intersection(self._sources)
        except TemplateError:
            return frozenset()

    def compose(self, text: str, now: float, *, full: bool) -> Composed:
        """The text as it is said at `now` (seconds since the epoch).

        `full` is for templates of the config; what was set at run time is simple. Never raises: what is wrong with a
        sentence is a note, and the fallback of its sources stands in its place. Empty only where it was before; where
        nothing is left to say it says so.
        """
        if not is_template(text, full=full):
            return Composed(text)
        with self._lock:
            self._now = datetime.fromtimestamp(now, self._zone)
            looks = self._look(now)
            values = self._values(looks)
            briefings = _Briefings(self._briefings, lambda one: self._said(one, looks, values, full=True))
            said = self._said(text, looks, {**values, BRIEFINGS: briefings}, full=full)
            return Composed(said.text, tuple(dict.fromkeys((*said.notes, *briefings.notes))))

    def _values(self, looks: Mapping[str, Look]) -> dict[str, Any]:
        day, today = timedelta(days=1), self._now.date()
        values: dict[str, Any] = {name: look.value for name, look in looks.items() if look.standing is Standing.OK}
        return values | {"now": self._now, "today": today, "tomorrow": today + day, "yesterday": today - day}

    def _said(self, text: str, looks: Mapping[str, Look], values: Mapping[str, Any], *, full: bool) -> Composed:
        try:
            template = self._template(text, full=full)
        except TemplateError as error:
            return Composed(_bare(text) or NOTHING_KNOWN, (f"the template cannot be used, {error}",))
        budget, parts, notes = Budget(), list[str](), dict[str, None]()
        for sentence in template.sentences:
            try:
                parts.append(sentence.say(values, budget))
            except TemplateError as error:
                concerned = _concerned(sentence, looks)
                fallbacks = [_ended(look.fallback) for look in concerned if look.fallback]
                parts += [fallback for fallback in dict.fromkeys(fallbacks) if fallback not in parts]
                failed = [look.trouble for look in concerned if look.standing is not Standing.OK]
                where = "/".join(look.name for look in concerned) or "the template"
                notes |= dict.fromkeys(failed or [f"{where}: {error}"])
        said = _tidy("".join(parts))
        if not said:
            said = NOTHING_KNOWN if notes else NOTHING_TO_SAY
        return Composed(said[:MAX_TEXT], tuple(notes))

    def _names_in(self, text: str) -> Collection[str]:
        if not is_template(text, full=True):
            return ()
        with self._lock:
            return self._template(text, full=True).names

    def _template(self, text: str, *, full: bool) -> Template:
        if (text, full) in self._read:
            self._read.move_to_end((text, full))
            return self._read[text, full]
        if self._workshop is None:
            # Imported with the first template: most houses have none.
            from hayakoe_daemon.schedule.templates.template import Workshop  # noqa: PLC0415

            self._workshop = Workshop(filters(self._zone, lambda: self._now))
        template = self._read[text, full] = self._workshop.read(text, full=full)
        while len(self._read) > _REMEMBERED:
            self._read.popitem(last=False)
        return template


class _Briefings(Mapping[str, str]):
    """What each briefing says, composed when a template asks for it."""

    def __init__(self, texts: Mapping[str, str], compose: Callable[[str], Composed]) -> None:
        self._texts = texts
        self._compose = compose
        self._said: dict[str, Composed] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(note for one in self._said.values() for note in one.notes)

    def __getitem__(self, name: str) -> str:
        if name not in self._said:
            self._said[name] = self._compose(self._texts[name])
        return self._said[name].text

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


def _check_names(what: str, names: Collection[str], known: Collection[str]) -> None:
    for name in sorted(names):
        if name not in known:
            close = difflib.get_close_matches(name[:60], known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(known) or 'none'}"
            raise TemplateError(f'there is no {what} "{name[:60]}", {hint}')


def _concerned(sentence: Sentence, looks: Mapping[str, Look]) -> list[Look]:
    """The sources that failed the sentence; where each of them looked well, what they brought did not fit."""
    spoken_of = [looks[name] for name in sorted(sentence.names) if name in looks]
    return [look for look in spoken_of if look.standing is not Standing.OK] or spoken_of


def _ended(sentence: str) -> str:
    return sentence if re.search(r"[。！？!?][」』）)\s]*$", sentence) else f"{sentence}。"


def _tidy(text: str) -> str:
    """Without what only held the template's lines apart, and without what no voice can say (NUL, lone surrogates)."""
    text = text.replace("\0", "").encode(errors="ignore").decode()
    return re.sub(r"[ \t\u3000]*\n\s*", "\n", text).strip()


def _bare(text: str) -> str:
    """What is left of a text without its templates."""
    return _tidy(re.sub(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", "", text, flags=re.DOTALL))
