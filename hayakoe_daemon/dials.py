"""How the daemon speaks: the config, with what was set at run time on top."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

from hayakoe_daemon.announcement import Priority, WhenQuiet
from hayakoe_daemon.config.model import Config
from hayakoe_daemon.fields.payload_error import PayloadError
from hayakoe_daemon.mqtt.payload import parse_setting
from hayakoe_daemon.overrides import Overrides, Value
from hayakoe_daemon.speaker.manners import Manners
from hayakoe_daemon.speaker.settings import Settings

log = logging.getLogger(__name__)


def configured(config: Config) -> dict[str, Value]:
    """What the config says of the things that `set/THING` changes."""
    return {
        "volume": config.audio.volume,
        "mute": config.audio.mute,
        "voice": config.speech.voice,
        "style": config.speech.style,
        "speed": config.speech.speed,
        "do_not_disturb": config.quiet.do_not_disturb,
    }


def valid(name: str, value: Value) -> bool:
    """Whether `set/NAME` could have set this value."""
    try:
        return parse_setting(name, json.dumps(value).encode()) == value
    except PayloadError:
        return False


def settings(config: Config, changed: Mapping[str, Value]) -> Settings:
    """The speaker's settings: those of the config, and in place of some what was `changed`."""
    now = {**configured(config), **changed}
    style = now["style"]
    return Settings(
        voice=str(now["voice"]),
        style=None if style is None else str(style),
        style_weight=config.speech.style_weight,
        length_scale=1.0 / float(now["speed"] or 1.0),
        volume=int(now["volume"] or 0),
        loudness=config.audio.loudness,
        mute=bool(now["mute"]),
        mute_spares_urgent=config.audio.mute_spares_urgent,
        alarms_obey_mute=config.audio.alarms_obey_mute,
        chime=config.audio.chime,
        default_chime=config.audio.default_chime,
        resume_limit=config.queue.resume_limit,
        low_waits=config.queue.low_waits,
        gapless=config.speech.gapless,
        patience=config.speech.patience,
        urgent_patience=config.speech.urgent_patience,
    )


def manners(config: Config, changed: Mapping[str, Value], zone: ZoneInfo) -> Manners:
    """What becomes of announcements in a quiet time, likewise."""
    quiet = config.quiet
    return Manners(
        do_not_disturb=bool({**configured(config), **changed}["do_not_disturb"]),
        hours=quiet.hours,
        zone=zone,
        by_priority={priority: WhenQuiet(getattr(quiet, priority.label)) for priority in Priority},
        hold_limit=quiet.hold_limit,
        most=quiet.most,
        introduction=quiet.introduction,
        expires_in=config.queue.expires_in,
        alarms_obey=config.audio.alarms_obey_mute,
    )


class Dials:
    """Turned by `set/THING` and `do/reset`, from any thread; each turn is `shown`."""

    def __init__(
        self,
        config: Config,
        overrides: Overrides,
        *,
        zone: Callable[[Config], ZoneInfo],
        shown: Callable[[dict[str, Value]], None],
        trouble: Callable[[str], None],
    ) -> None:
        self._config = config
        self._zone_of = zone
        self._zone = zone(config)
        self._overrides = overrides
        self._shown = shown
        self._trouble = trouble

    def settings(self) -> Settings:
        return settings(self._config, self._overrides.effective(configured(self._config)))

    def manners(self) -> Manners:
        return manners(self._config, self._overrides.effective(configured(self._config)), self._zone)

    def quiet(self, now: float) -> bool:
        """Whether nobody is to be disturbed at `now`."""
        return self.manners().why_quiet(now) is not None

    def set(self, name: str, value: Value) -> None:
        self._turn(name, lambda: self._overrides.set(name, value, configured(self._config)[name]))
        log.info("%s is now %s", name, value)

    def reset(self, name: str) -> None:
        self._turn(name, lambda: self._overrides.reset(name))
        log.info("%s is as configured again", name)

    def take(self, config: Config) -> None:
        """A new config: what was edited there counts from now on."""
        self._config, self._zone = config, self._zone_of(config)
        gone = self._overrides.edited(configured(config))
        for name in gone:
            self.reset(name)
        self.show()

    def show(self) -> None:
        self._shown(self._overrides.effective(configured(self._config)))

    def _turn(self, name: str, turn: Callable[[], object]) -> None:
        try:
            turn()
        except OSError as error:
            self._trouble(f"{name} is changed, but cannot be kept for the next start: {error.strerror or error}")
        self.show()
