"""From the fields of a source to what fetches it."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from hayakoe_daemon.schedule.sources.calendar import CalendarSource
from hayakoe_daemon.schedule.sources.fetched import Fetched, Fetcher, SourceError
from hayakoe_daemon.schedule.sources.fields import SourceFields
from hayakoe_daemon.schedule.sources.local import Command, LocalFile
from hayakoe_daemon.schedule.sources.values import read_any
from hayakoe_daemon.schedule.sources.web import WebJson


class Topic:
    """The last message on an MQTT topic, which comes by itself."""

    def __init__(self, topic: str) -> None:
        self.origin = topic

    def fetch(self, now: float, before: Fetched | None) -> Fetched:  # noqa: ARG002, a Fetcher's
        raise SourceError("it comes by itself")

    def read(self, body: bytes, now: float) -> Any:  # noqa: ARG002, of no matter here
        return read_any(body)


def open_source(fields: SourceFields, zone: ZoneInfo) -> Fetcher:
    """Nothing is fetched yet."""
    if fields.mqtt is not None:
        return Topic(fields.mqtt)
    if fields.http is not None:
        return WebJson(fields.http, fields.timeout)
    if fields.calendar is not None:
        return CalendarSource(fields.calendar, fields.timeout, zone)
    if fields.file is not None:
        return LocalFile(fields.file)
    assert fields.command is not None, "the fields are checked"  # noqa: S101
    return Command(fields.command, fields.timeout)
