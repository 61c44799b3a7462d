"""Whether the texts of the config can be said: each template is read, and speaks of what there is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from zoneinfo import ZoneInfo

from pydantic_core import PydanticCustomError

from hayakoe_daemon.schedule.alarm_fields import AlarmFields
from hayakoe_daemon.schedule.briefing_fields import BriefingFields
from hayakoe_daemon.schedule.composer import Composer
from hayakoe_daemon.schedule.sources.fields import SourceFields
from hayakoe_daemon.schedule.templates.errors import TemplateError


def check_sources(sources: Mapping[str, SourceFields], *, allow_commands: bool) -> None:
    """Raises PydanticCustomError, which names the source."""
    commands = [name for name, source in sources.items() if source.command is not None]
    if commands and not allow_commands:
        raise _wrong(f"{commands[0]} runs a command: that is off unless allow_commands is true")


def check_briefings(briefings: Mapping[str, BriefingFields], sources: Collection[str]) -> None:
    """The same for briefings."""
    try:
        _composer(briefings, sources).check_briefings()
    except TemplateError as error:
        raise _wrong(str(error)) from None


def check_alarms(
    alarms: Mapping[str, AlarmFields], sources: Collection[str], briefings: Mapping[str, BriefingFields]
) -> None:
    """The same for alarms, whose texts are templates too."""
    composer = _composer(briefings, sources)
    for name, alarm in alarms.items():
        try:
            composer.check(alarm.text, full=True)
        except TemplateError as error:
            raise _wrong(f"{name}: {error}") from None


def _composer(briefings: Mapping[str, BriefingFields], sources: Collection[str]) -> Composer:
    composer = Composer(lambda _: {})
    composer.configure(ZoneInfo("UTC"), sources, {name: one.text for name, one in briefings.items()})
    return composer


def _wrong(message: str) -> PydanticCustomError:
    return PydanticCustomError("fields", "{message}", {"message": message, "field": None})
