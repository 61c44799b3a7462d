"""From a template to what is said now: sentence by sentence, each with what its sources have to offer."""

from __future__ import annotations

import difflib
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
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

ALWAYS = ("now", "today", "tomorrow", "yesterday")
"""Names that every template knows besides its sources."""

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

    `look` tells what the sources have to offer at a time; `names` which sources there are.
    """

    def __init__(
        self, zone: ZoneInfo, look: Callable[[float], Mapping[str, Look]], names: Callable[[], Collection[str]]
    ) -> None:
        self._zone = zone
        self._look = look
        self._names = names
        self._lock = threading.Lock()
        self._read: OrderedDict[tuple[str, bool], Template] = OrderedDict()
        self._workshop: Workshop | None = None
        self._now = datetime.fromtimestamp(0, zone)

    def check(self, text: str, *, full: bool) -> None:
        """Raises TemplateError where the text cannot be composed: what, where, and what there is instead."""
        if not is_template(text, full=full):
            return
        with self._lock:
            names = self._template(text, full=full).names
        check_names(names, self._names())

    def compose(self, text: str, now: float, *, full: bool) -> Composed:
        """The text as it is said at `now` (seconds since the epoch).

        `full` is for templates of the config; what was set at run time is simple. Never raises: what is wrong with a
        sentence is a note, and the fallback of its sources stands in its place. Empty only where it was before; where
        nothing is left to say it says so.
        """
        if not is_template(text, full=full):
            return Composed(text)
        with self._lock:
            try:
                template = self._template(text, full=full)
            except TemplateError as error:
                return Composed(_bare(text) or NOTHING_KNOWN, (f"the template cannot be used, {error}",))
            return self._compose(template, now)

    def _compose(self, template: Template, now: float) -> Composed:
        self._now = moment = datetime.fromtimestamp(now, self._zone)
        looks = self._look(now)
        values: dict[str, Any] = {name: look.value for name, look in looks.items() if look.standing is Standing.OK}
        day, today = timedelta(days=1), moment.date()
        values |= {"now": moment, "today": today, "tomorrow": today + day, "yesterday": today - day}
        budget, parts, notes = Budget(), list[str](), dict[str, None]()
        for sentence in template.sentences:
            try:
                parts.append(sentence.say(values, budget))
            except TemplateError as error:
                concerned = _concerned(sentence, looks)
                fallbacks = [_ended(look.fallback) for look in concerned if look.fallback]
                parts += [fallback for fallback in dict.fromkeys(fallbacks) if fallback not in parts]
                failed = [look.trouble for look in concerned if look.standing is not Standing.OK]
                notes |= dict.fromkeys(failed or [f"{'/'.join(sorted(sentence.names)) or 'the template'}: {error}"])
        said = _tidy("".join(parts))
        if not said:
            said = NOTHING_KNOWN if notes else NOTHING_TO_SAY
        return Composed(said[:MAX_TEXT], tuple(notes))

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


def check_names(names: Collection[str], sources: Collection[str]) -> None:
    """Raises TemplateError where a template speaks of a source that does not exist."""
    known = [*sources, *ALWAYS]
    for name in sorted(names):
        if name not in known:
            close = difflib.get_close_matches(name[:60], known, n=1)
            there = f"there are {', '.join(known)}"
            raise TemplateError(f'there is no source "{name[:60]}", {f"did you mean {close[0]}?" if close else there}')


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
