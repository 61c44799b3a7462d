"""Every key of the configuration, with its default. What a key means stands in config.example.yaml.

Lengths of time are seconds. Where a default depends on other keys the key is None and a property says what counts;
where it depends on the machine, `places` does.
"""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationInfo, field_validator, model_validator

from hayakoe_daemon.announcement import MAX_TEXT
from hayakoe_daemon.config.kinds import (
    Allowed,
    Between,
    Card,
    Chime,
    Credential,
    Device,
    File,
    Flag,
    HomeRules,
    Host,
    Lasting,
    Name,
    Names,
    Phrases,
    QuietHours,
    SourceName,
    Text,
    TimeZone,
    Topic,
    Written,
)
from hayakoe_daemon.schedule.alarm_fields import AlarmFields
from hayakoe_daemon.schedule.briefing_fields import BriefingFields
from hayakoe_daemon.schedule.sources.fields import SourceFields
from hayakoe_daemon.schedule.texts import check_alarms, check_briefings, check_sources
from hayakoe_daemon.schedule.zone import system_zone, zone_named

_DAY = 86400


Conduct = Annotated[Literal["speak", "hold", "drop"], Allowed("speak, hold or drop")]
Loading = Annotated[Literal["start", "first_use"], Allowed("start or first_use")]
Precision = Annotated[Literal["fp32", "int8", "auto"], Allowed("fp32, int8 or auto")]
Computing = Annotated[Literal["cpu", "cuda"], Allowed("cpu or cuda")]
GpuMemory = Annotated[Literal["resident", "offload"], Allowed("resident or offload")]
Warmth = Annotated[Literal["cached", "locked", "lazy"], Allowed("cached, locked or lazy")]


def _filled(sections: object) -> object:
    """Sections whose keys are all commented out are empty ones."""
    if sections is None:
        return {}
    if not isinstance(sections, dict):
        return sections
    return {name: {} if section is None else section for name, section in sections.items()}


def _named(what: str) -> Allowed:
    return Allowed(f"a section with the name of each {what}, and below it its keys")


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Tls(Section):
    """An encrypted connection to the broker. Without `ca_file` the system's own authorities count."""

    ca_file: File | None = None
    cert_file: File | None = None
    key_file: File | None = None

    @model_validator(mode="after")
    def _a_certificate_has_its_key(self) -> Tls:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file go together: give both or neither")
        return self


class Mqtt(Section):
    enabled: Flag = True
    host: Host = "localhost"
    port: Annotated[int, Between(1, 65535)] | None = None
    user: Text | None = None
    password_file: File | None = None
    password_credential: Credential | None = None
    client_id: Text | None = None
    keepalive: Annotated[float, Lasting(5, 65535)] = 30
    session_expiry: Annotated[float, Lasting(0, 30 * _DAY)] = 3600
    tls: Tls | None = None

    @model_validator(mode="after")
    def _one_password(self) -> Mqtt:
        if self.password_file is not None and self.password_credential is not None:
            raise ValueError("password_file and password_credential are both given: keep one of them")
        if self.user is None and (self.password_file is not None or self.password_credential is not None):
            raise ValueError("there is a password but no user: add user")
        return self

    @property
    def broker_port(self) -> int:
        """The port as given, else the usual one: 8883 with TLS, 1883 without."""
        return self.port or (1883 if self.tls is None else 8883)


class Control(Section):
    """The local socket for the commands; `places.control_socket` says where it is."""

    socket: File | None = None
    group: Text | None = None


class Audio(Section):
    device: Device = "default"
    second_device: Card | None = None
    rate: Annotated[int, Between(8000, 192_000)] | None = None
    lead_in: Annotated[float, Lasting(0, 5)] = 0.15
    idle_close: Annotated[float, Lasting(0, _DAY)] = 10
    hold_device: Flag = False
    volume: Annotated[int, Between(0, 100)] = 100
    mute: Flag = False
    mute_spares_urgent: Flag = True
    alarms_obey_mute: Flag = False
    sounds_dir: File | None = None
    chime: Chime = False
    default_chime: Name = "ding"
    loudness: Annotated[float, Between(-60.0, 0.0)] = -20
    """LUFS, what every message is brought to."""


class Speech(Section):
    voice: Name = "embedded"
    style: Text | None = None
    style_weight: Annotated[float, Between(0.0, 20.0)] | None = None
    speed: Annotated[float, Between(0.25, 3.0)] = 1
    """1.2 is faster; a length_scale is its inverse."""
    gapless: Flag = False
    """All of a text is made before it is heard."""
    patience: Annotated[float, Lasting(0, 3600)] = 20
    urgent_patience: Annotated[float, Lasting(0, 3600)] = 3
    dictionary: File | None = None
    """The user's words; `places.dictionary_file` says where they are."""
    tokenizer: File | None = None
    """The folder of BERT's vocab.txt."""


class Voice(Section):
    """One voice's own way; None is as its model comes."""

    load: Loading | None = None
    precision: Precision | None = None
    style: Text | None = None
    style_weight: Annotated[float, Between(0.0, 20.0)] | None = None
    speed: Annotated[float, Between(0.25, 3.0)] = 1
    """Times speech.speed."""
    sdp_ratio: Annotated[float, Between(0.0, 1.0)] | None = None
    noise_scale: Annotated[float, Between(0.0, 2.0)] | None = None
    noise_scale_w: Annotated[float, Between(0.0, 2.0)] | None = None
    pitch_scale: Annotated[float, Between(0.5, 2.0)] | None = None
    intonation_scale: Annotated[float, Between(0.0, 2.0)] | None = None


class Voices(Section):
    """The neural voices."""

    dir: File | None = None
    """The folder that holds them; `places.voices_dir` says where it is."""
    load: Loading = "start"
    prepare: Flag = True
    """They are made ready for this machine, once."""
    prepared_dir: File | None = None
    """The folder of what comes of it; `places.prepared_dir` says where it is."""
    precision: Precision = "fp32"
    int8_snr: Annotated[float, Between(0.0, 100.0)] = 30
    """dB that 8 bits are away from 32 at the least."""
    int8_log_mel: Annotated[float, Between(0.01, 100.0)] = 1
    """dB at the most."""
    keep_warm: Warmth = "cached"
    device: Computing = "cpu"
    """Where they compute; on a graphics card where that can be used."""
    gpu_memory: GpuMemory = "resident"
    order: Names = ()
    settings: Annotated[
        dict[Name, Voice],
        BeforeValidator(_filled),
        Allowed("a section with the name of each voice (a-z, 0-9, _ and -), and below it its settings"),
    ] = {}


class Reading(Section):
    """How texts are read aloud."""

    emoji: Annotated[Literal["silent", "names"], Allowed("silent or names")] = "silent"
    rules: HomeRules = {}
    """Regular expression to words, in their order."""

    @property
    def emoji_names(self) -> bool:
        return self.emoji == "names"


class Queue(Section):
    limit: Annotated[int, Between(1, 100_000)] = 500
    expires_in: Annotated[float, Lasting(1, 30 * _DAY)] = 1800
    resume_limit: Annotated[float, Lasting(0, 30 * _DAY)] = 600
    remember_ids: Annotated[float, Lasting(0, 30 * _DAY)] = _DAY
    low_waits: Annotated[float, Lasting(0, 3600)] = 3


class HomeAssistant(Section):
    """How Home Assistant finds this device."""

    discovery: Annotated[
        Literal["device", "components", "off"],
        BeforeValidator(lambda value: "off" if value is False else value),  # what YAML makes of a bare off
        Allowed("device, components or off"),
    ] = "device"
    language: Annotated[Literal["ja", "en"], Allowed("ja or en")] = "ja"
    prefix: Topic = "homeassistant"
    birth_topic: Topic = "homeassistant/status"


class Wyoming(Section):
    """The server that speaks for other machines."""

    enabled: Flag = False
    host: Host = "127.0.0.1"
    port: Annotated[int, Between(1, 65535)] = 10200
    clients: Annotated[int, Between(1, 256)] = 32
    """At the same time."""
    max_text: Annotated[int, Between(1, MAX_TEXT)] = MAX_TEXT
    """Characters."""
    zeroconf: Flag = False


class Cache(Section):
    """Rendered speech kept on disk."""

    dir: File | None = None
    """`places.cache_dir` says where it is."""
    limit_mb: Annotated[int, Between(0, 1_000_000)] = 512
    """Megabytes of 2^20 bytes; 0 keeps nothing."""
    phrases: Phrases = ()


class Quiet(Section):
    """When nobody is to be disturbed, and what becomes of announcements then."""

    hours: QuietHours = ()
    do_not_disturb: Flag = False
    low: Conduct = "drop"
    normal: Conduct = "hold"
    high: Conduct = "hold"
    urgent: Conduct = "speak"
    hold_limit: Annotated[float, Lasting(60, 30 * _DAY)] = _DAY / 2
    most: Annotated[int, Between(1, 10_000)] = 100
    introduction: Annotated[str, Written(r"[^\x00-\x1f\x7f]{0,200}", "one line of text, at most 200 characters")] = (
        "お休みの間のお知らせが{count}件あります。"
    )


class Config(Section):
    node: Name = "home"
    title: Text | None = None
    base_topic: Topic | None = None
    state_dir: File | None = None
    time_zone: TimeZone | None = None
    log_level: Annotated[Literal["debug", "info", "warning", "error"], Allowed("debug, info, warning or error")] = (
        "info"
    )
    mqtt: Mqtt = Mqtt()
    control: Control = Control()
    audio: Audio = Audio()
    speech: Speech = Speech()
    voices: Voices = Voices()
    reading: Reading = Reading()
    queue: Queue = Queue()
    cache: Cache = Cache()
    home_assistant: HomeAssistant = HomeAssistant()
    wyoming: Wyoming = Wyoming()
    allow_commands: Flag = False
    sources: Annotated[dict[SourceName, SourceFields], _named("source")] = {}
    briefings: Annotated[dict[Name, BriefingFields], _named("briefing")] = {}
    alarms: Annotated[dict[Name, AlarmFields], _named("alarm")] = {}

    @field_validator("sources")
    @classmethod
    def _commands_are_allowed(cls, sources: dict[str, SourceFields], info: ValidationInfo) -> dict[str, SourceFields]:
        check_sources(sources, allow_commands=info.data.get("allow_commands", False))
        return sources

    @field_validator("briefings")
    @classmethod
    def _briefings_can_be_said(
        cls, briefings: dict[str, BriefingFields], info: ValidationInfo
    ) -> dict[str, BriefingFields]:
        if "sources" in info.data:
            check_briefings(briefings, info.data["sources"])
        return briefings

    @field_validator("alarms")
    @classmethod
    def _alarms_can_be_said(cls, alarms: dict[str, AlarmFields], info: ValidationInfo) -> dict[str, AlarmFields]:
        if "sources" in info.data and "briefings" in info.data:
            check_alarms(alarms, info.data["sources"], info.data["briefings"])
        return alarms

    @property
    def zone(self) -> ZoneInfo:
        """The time zone: as given, else the system's. Raises ZoneError where that one cannot be read."""
        return system_zone() if self.time_zone is None else zone_named(self.time_zone)

    quiet: Quiet = Quiet()

    @property
    def topic(self) -> str:
        """The base topic: as given, else `hayakoe/<node>`."""
        return self.base_topic or f"hayakoe/{self.node}"

    @property
    def client_id(self) -> str:
        """The MQTT client id: as given, else `hayakoe-<node>`."""
        return self.mqtt.client_id or f"hayakoe-{self.node}"
