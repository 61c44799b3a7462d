"""Whether the texts of the config can be said: each template is read, and speaks of what there is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
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
    _raise_all(wrong_briefings({name: one.text for name, one in briefings.items()}, sources))


def check_alarms(
    alarms: Mapping[str, AlarmFields], sources: Collection[str], briefings: Mapping[str, BriefingFields]
) -> None:
    """The same for alarms, whose texts are templates too."""
    texts = {name: alarm.text for name, alarm in alarms.items()}
    _raise_all(wrong_alarms(texts, sources, {name: one.text for name, one in briefings.items()}))


def wrong_briefings(briefings: Mapping[str, str], sources: Collection[str]) -> dict[str, str]:
    """What is wrong with each of these texts that cannot be said, by the names of their briefings."""
    return dict(_wrong_texts(briefings, _composer(briefings, sources).check_briefing))


def wrong_alarms(alarms: Mapping[str, str], sources: Collection[str], briefings: Mapping[str, str]) -> dict[str, str]:
    """The same for alarms."""
    return dict(_wrong_texts(alarms, partial(_composer(briefings, sources).check, full=True)))


def _wrong_texts(texts: Mapping[str, str], check: Callable[[str], None]) -> Iterator[tuple[str, str]]:
    for name, text in texts.items():
        try:
            check(text)
        except TemplateError as error:
            yield name, str(error)


def _raise_all(wrong: Mapping[str, str]) -> None:
    if wrong:
        raise _wrong({(name, "text"): why for name, why in wrong.items()})


def _composer(briefings: Mapping[str, str], sources: Collection[str]) -> Composer:
    composer = Composer(lambda _: {})
    composer.configure(ZoneInfo("UTC"), sources, briefings)
    return composer


def _wrong(below: Mapping[tuple[str, ...], str]) -> PydanticCustomError:
    message = "; ".join(f"{'.'.join(key)}: {told}" for key, told in below.items())
    return PydanticCustomError("below", "{message}", {"message": message, "below": dict(below)})
