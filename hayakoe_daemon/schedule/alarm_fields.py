"""The fields of an alarm as people write them: in the config, and as JSON over MQTT and from the CLI.

| field | meaning |
|---|---|
| `time`, `days` | a time of day, and the days of the week it counts on (daily) |
| `hourly`, `minute`, `days` | these hours of the day, at that minute (0) |
| `cron` | a cron expression |
| `once` | a date and a time of day |

One of the four says when it rings; what else there is changes the days, or says how. None is a field that is not given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from hayakoe_daemon.announcement import MAX_TEXT, Priority
from hayakoe_daemon.fields.explained import explained, misfit
from hayakoe_daemon.fields.kinds import (
    LENGTH,
    NAME_ALLOWED,
    STYLE_ALLOWED,
    VOLUME_ALLOWED,
    FileName,
    Name,
    Style,
    Volume,
    lasting,
    speakable,
    whole,
)
from hayakoe_daemon.schedule.alarm import GRACE, REPEAT_FOR, SNOOZE, Alarm, Ramp, Repeat
from hayakoe_daemon.schedule.cron import CRON_ALLOWED, CronError, read_cron
from hayakoe_daemon.schedule.dates import DATES_ALLOWED, Stretch, read_date, read_stretch
from hayakoe_daemon.schedule.days import DAILY, DAYS_ALLOWED, DaysError, read_days
from hayakoe_daemon.schedule.rules import (
    HOURS_ALLOWED,
    MOMENT_ALLOWED,
    TIME_ALLOWED,
    Hourly,
    Once,
    Rule,
    Timed,
    read_hours,
    read_moment,
    read_time,
)

RULES = ("time", "hourly", "cron", "once")
"""The fields of which an alarm has one."""

_RULE_PARTS = {"time": ("days",), "hourly": ("days", "minute"), "cron": (), "once": ()}
"""What goes with each."""

MOST_DATES = 366
"""Dates and stretches that one field may name: each is looked at for each day."""

_RAMP_OVER = 60.0
_DAY = 86_400.0


def _readable(reader: Callable[[str], object]) -> BeforeValidator:
    """A text that the reader takes; where its error is one for people, they are told."""

    def check(value: object) -> object:
        if not isinstance(value, str):
            raise ValueError("not a text")  # noqa: TRY004, pydantic wants it so
        _told(reader, speakable(value))
        return value

    return BeforeValidator(check)


def _told(reader: Callable[[Any], object], value: object) -> None:
    try:
        reader(value)
    except (CronError, DaysError) as error:
        raise PydanticCustomError("reason", "{reason}", {"reason": str(error)}) from None


def _texts(value: object) -> list[str]:
    """One text, or a list of them."""
    given = value if isinstance(value, list) else [value]
    texts = [text for text in given if isinstance(text, str)]
    if len(texts) < len(given):
        raise ValueError("neither a text nor a list of texts")
    return [speakable(text) for text in texts]


def _days(value: object) -> list[str]:
    texts = _texts(value)
    _told(read_days, texts)
    return texts


def _dates(value: object) -> list[str]:
    """A text may hold several with commas between."""
    texts = [part.strip() for text in _texts(value) for part in text.split(",")]
    if len(texts) > MOST_DATES:
        raise PydanticCustomError("reason", "{reason}", {"reason": f"it has {len(texts)} dates, at most {MOST_DATES}"})
    for text in texts:
        try:
            read_stretch(text)
        except ValueError:
            raise PydanticCustomError(
                "reason",
                "{text} is not a date; allowed is {allowed}",
                {"text": f'"{text[:60]}"', "allowed": DATES_ALLOWED},
            ) from None
    return texts


def _hours(value: object) -> object:
    """True is every hour; 8 is 8 o'clock."""
    if value is True:
        return "0-23"
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str):
        raise ValueError("no hours")  # noqa: TRY004, pydantic wants it so
    read_hours(text)
    return text


class AlarmFields(BaseModel):
    """The description of a field says what it may be, in the words of the error messages."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    time: Annotated[str, _readable(read_time)] | None = Field(None, description=TIME_ALLOWED)
    days: Annotated[list[str], BeforeValidator(_days)] | None = Field(None, description=DAYS_ALLOWED)
    hourly: Annotated[str, BeforeValidator(_hours)] | None = Field(None, description=HOURS_ALLOWED)
    minute: Annotated[int, BeforeValidator(whole), Field(ge=0, le=59)] | None = Field(
        None, description="a whole number from 0 to 59"
    )
    cron: Annotated[str, _readable(read_cron)] | None = Field(None, description=CRON_ALLOWED)
    once: Annotated[str, _readable(read_moment)] | None = Field(None, description=MOMENT_ALLOWED)
    enabled: bool = Field(True, description="true or false")
    skip_holidays: Literal["JP"] | None = Field(None, description="JP, for the public holidays of Japan")
    except_dates: Annotated[list[str], BeforeValidator(_dates)] | None = Field(None, description=DATES_ALLOWED)
    extra_dates: Annotated[list[str], BeforeValidator(_dates)] | None = Field(None, description=DATES_ALLOWED)
    valid_from: Annotated[str, _readable(read_date)] | None = Field(None, description="a date such as 2026-12-31")
    valid_until: Annotated[str, _readable(read_date)] | None = Field(None, description="a date such as 2026-12-31")
    text: Annotated[str, AfterValidator(speakable)] = Field("", description=f"a text of at most {MAX_TEXT} characters")
    voice: Name | None = Field(None, description=f"the name of a voice: {NAME_ALLOWED}")
    style: Style | None = Field(None, description=STYLE_ALLOWED)
    volume: Volume | None = Field(None, description=VOLUME_ALLOWED)
    ramp_from: Volume | None = Field(None, description=VOLUME_ALLOWED)
    ramp_over: Annotated[float, lasting(1, 3600)] | None = Field(None, description=f"1 s to 1 h, {LENGTH}")
    chime: bool | Name | None = Field(None, description=f"true, false or the name of a chime: {NAME_ALLOWED}")
    sound: FileName | None = Field(None, description="the name of a file in the sound folder, without any folder")
    repeat: Annotated[float, lasting(10, _DAY)] | None = Field(None, description=f"10 s to 1 d, {LENGTH}")
    repeat_times: Annotated[int, BeforeValidator(whole), Field(ge=1, le=1000)] | None = Field(
        None, description="a whole number from 1 to 1000"
    )
    repeat_for: Annotated[float, lasting(10, _DAY)] | None = Field(None, description=f"10 s to 1 d, {LENGTH}")
    snooze: Annotated[float, lasting(10, _DAY)] = Field(SNOOZE, description=f"10 s to 1 d, {LENGTH}")
    grace: Annotated[float, lasting(0, _DAY)] = Field(GRACE, description=f"0 s to 1 d, {LENGTH}")
    tell_missed: bool = Field(False, description="true or false")
    priority: Literal["low", "normal", "high", "urgent"] = Field("high", description="low, normal, high or urgent")

    @model_validator(mode="before")
    @classmethod
    def _null_is_not_given(cls, fields: object) -> object:
        if not isinstance(fields, Mapping):
            return fields
        return {name: value for name, value in fields.items() if value is not None}

    @model_validator(mode="after")
    def _fit_together(self) -> AlarmFields:
        rules = [name for name in RULES if getattr(self, name) is not None]
        if not rules:
            raise misfit("It is not said when the alarm rings: give time (and days), hourly, cron or once")
        if len(rules) > 1:
            raise misfit(
                f"{' and '.join(rules)} are both given: an alarm has one of time, hourly, cron, once", rules[1]
            )
        for part, owners in (("days", "time or hourly"), ("minute", "hourly")):
            if getattr(self, part) is not None and part not in _RULE_PARTS[rules[0]]:
                raise misfit(f"{part} goes with {owners}, not with {rules[0]}", part)
        if self.once is not None and self.extra_dates:
            raise misfit("extra_dates do not go with once: give the alarm days, or make a second one", "extra_dates")
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            raise misfit(f"valid_until {self.valid_until} is before valid_from {self.valid_from}", "valid_until")
        if self.repeat is None and (self.repeat_times is not None or self.repeat_for is not None):
            raise misfit("repeat_times and repeat_for limit a repeat: give repeat too, such as 5 min", "repeat")
        if self.repeat is not None and self.repeat_for is not None and self.repeat_for < self.repeat:
            raise misfit("repeat_for is shorter than repeat: nothing would be repeated", "repeat_for")
        if self.chime is False and not self.text and not self.sound:
            raise misfit("The alarm would make no sound: give text, chime or sound", "chime")
        return self

    def written(self) -> dict[str, Any]:
        """The fields that were given, as JSON can keep them; AlarmFields of them are the same again."""
        return self.model_dump(exclude_unset=True)

    def rule(self) -> Rule:
        days = DAILY if self.days is None else read_days(self.days)
        if self.time is not None:
            return Timed(read_time(self.time), days)
        if self.hourly is not None:
            return Hourly(read_hours(self.hourly), self.minute or 0, days)
        if self.cron is not None:
            return read_cron(self.cron)
        assert self.once is not None, "checked above"  # noqa: S101
        return Once(read_moment(self.once))

    def alarm(self, name: str) -> Alarm:
        """The alarm itself. One that would say nothing has the chime."""
        silent = not self.text and not self.sound and self.chime is None
        return Alarm(
            name=name,
            rule=self.rule(),
            enabled=self.enabled,
            text=self.text,
            voice=self.voice,
            style=self.style,
            volume=self.volume,
            ramp=self._ramp(),
            chime=True if silent else self.chime,
            sound=self.sound,
            repeat=self._repeat(),
            snooze=self.snooze,
            skip_holidays=self.skip_holidays,
            except_dates=_stretches(self.except_dates),
            extra_dates=_stretches(self.extra_dates),
            valid_from=None if self.valid_from is None else read_date(self.valid_from),
            valid_until=None if self.valid_until is None else read_date(self.valid_until),
            grace=self.grace,
            tell_missed=self.tell_missed,
            priority=Priority.named(self.priority),
        )

    def _ramp(self) -> Ramp | None:
        if self.ramp_from is None and self.ramp_over is None:
            return None
        return Ramp(self.ramp_from or 0, self.ramp_over or _RAMP_OVER)

    def _repeat(self) -> Repeat | None:
        if self.repeat is None:
            return None
        within = self.repeat_for
        if within is None and self.repeat_times is None:
            within = max(REPEAT_FOR, self.repeat)
        return Repeat(self.repeat, self.repeat_times, within)


def read_alarm_fields(fields: Mapping[str, Any]) -> AlarmFields:
    """The fields of a JSON object; null is a field that is not given. PayloadError names every mistake."""
    try:
        return AlarmFields.model_validate(dict(fields))
    except ValidationError as error:
        raise explained(error, AlarmFields) from None


def patched(fields: AlarmFields, patch: Mapping[str, Any]) -> AlarmFields:
    """The fields with those of the patch in their place; null takes one back to its default. Raises PayloadError.

    A new rule takes the place of the old one, whichever kind that was.
    """
    kept = fields.written()
    if new := [name for name in RULES if patch.get(name) is not None]:
        for name in {*RULES, "days", "minute"} - set(_RULE_PARTS[new[0]]) - {new[0]}:
            kept.pop(name, None)
    return read_alarm_fields({**kept, **patch})


def _stretches(texts: list[str] | None) -> tuple[Stretch, ...]:
    return tuple(read_stretch(text) for text in texts or ())
