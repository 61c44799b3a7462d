"""Whether the texts of the config can be said: each template is read, and speaks of what there is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from zoneinfo import ZoneInfo

from pydantic_core import PydanticCustomError

from hayakoe_daemon.schedule.alarm_fields import AlarmFields
from hayakoe_daemon.schedule.briefing_fields import BriefingFields
from hayakoe_daemon.schedule.composer import Composer
from hayakoe_daemon.schedule.sources.fields import SourceFields
from hayakoe_daemon.schedule.templates.errors import TemplateError


def check_sources(sources: Mapping[str, SourceFields], *, allow_commands: bool) -> None:
    """Raises PydanticCustomError, which holds what is wrong by the keys below."""
    commands = [name for name, source in sources.items() if source.command is not None]
    if commands and not allow_commands:
        raise _wrong({(name, "command"): "commands are off unless allow_commands is true" for name in commands})


def check_briefings(briefings: Mapping[str, BriefingFields], sources: Collection[str]) -> None:
    """The same for briefings."""
    _check_texts({name: one.text for name, one in briefings.items()}, _composer(briefings, sources).check_briefing)


def check_alarms(
    alarms: Mapping[str, AlarmFields], sources: Collection[str], briefings: Mapping[str, BriefingFields]
) -> None:
    """The same for alarms, whose texts are templates too."""
    check = partial(_composer(briefings, sources).check, full=True)
    _check_texts({name: alarm.text for name, alarm in alarms.items()}, check)


def _check_texts(texts: Mapping[str, str], check: Callable[[str], None]) -> None:
    wrong: dict[tuple[str, ...], str] = {}
    for name, text in texts.items():
        try:
            check(text)
        except TemplateError as error:
            wrong[name, "text"] = str(error)
    if wrong:
        raise _wrong(wrong)


def _composer(briefings: Mapping[str, BriefingFields], sources: Collection[str]) -> Composer:
    composer = Composer(lambda _: {})
    composer.configure(ZoneInfo("UTC"), sources, {name: one.text for name, one in briefings.items()})
    return composer


def _wrong(below: Mapping[tuple[str, ...], str]) -> PydanticCustomError:
    message = "; ".join(f"{'.'.join(key)}: {told}" for key, told in below.items())
    return PydanticCustomError("below", "{message}", {"message": message, "below": dict(below)})
