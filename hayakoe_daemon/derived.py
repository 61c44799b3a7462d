"""What the config means for the parts of the house, as the plain values that they take."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from zoneinfo import ZoneInfo

from hayakoe_daemon import __version__
from hayakoe_daemon.audio import flac
from hayakoe_daemon.audio.open import open_sink
from hayakoe_daemon.audio.sink import Sink
from hayakoe_daemon.config.model import Audio, Config, Voice
from hayakoe_daemon.config.places import cache_dir, prepared_dir, state_dir, voices_dir
from hayakoe_daemon.config.secret import password_reader
from hayakoe_daemon.home_assistant import Wish
from hayakoe_daemon.journal.journal import Limits
from hayakoe_daemon.mqtt.discovery.device import Device
from hayakoe_daemon.mqtt.discovery.documents import Mode
from hayakoe_daemon.mqtt.discovery.names import Language
from hayakoe_daemon.mqtt.link import BrokerSettings, TlsFiles
from hayakoe_daemon.mqtt.topics import Topics
from hayakoe_daemon.schedule.alarm_fields import AlarmFields
from hayakoe_daemon.schedule.briefing_fields import BriefingFields
from hayakoe_daemon.schedule.zone import ZoneError
from hayakoe_daemon.voice.cache.cache import RenderCache
from hayakoe_daemon.voice.cuda.card import GpuMemory
from hayakoe_daemon.voice.device import Device as Computing
from hayakoe_daemon.voice.engine import Manner
from hayakoe_daemon.voice.prepare.int8_bound import Bound
from hayakoe_daemon.voice.prepare.order import Precise, Wanted
from hayakoe_daemon.voice.warmth import Warmth
from hayakoe_daemon.voices import Plan
from hayakoe_daemon.wyoming.place import Place


def limits(config: Config) -> Limits:
    return Limits(resume=config.queue.resume_limit, remember_ids=config.queue.remember_ids)


def sink(audio: Audio) -> Sink:
    """ValueError where the device is none."""
    return open_sink(
        audio.device,
        second_device=audio.second_device,
        rate=audio.rate,
        lead_in=audio.lead_in,
        hold_device=audio.hold_device,
        idle_close=audio.idle_close,
    )


def render_cache(config: Config, environ: Mapping[str, str], trouble: Callable[[str], None]) -> RenderCache:
    """The folder of rendered speech; `trouble` is told where it cannot be written."""
    return RenderCache(
        cache_dir(config, environ),
        encode=flac.encode,
        decode=flac.decode,
        limit_bytes=config.cache.limit_mb << 20,
        trouble=trouble,
    )


def another_sink(new: Audio, old: Audio) -> bool:
    """Whether `sink` would be another one."""
    keys = ("device", "second_device", "rate", "lead_in", "hold_device", "idle_close")
    return any(getattr(new, key) != getattr(old, key) for key in keys)


def broker(config: Config, environ: Mapping[str, str]) -> BrokerSettings:
    mqtt = config.mqtt
    return BrokerSettings(
        host=mqtt.host,
        port=mqtt.broker_port,
        client_id=config.client_id,
        user=mqtt.user,
        password=password_reader(mqtt, environ),
        tls=TlsFiles(mqtt.tls.ca_file, mqtt.tls.cert_file, mqtt.tls.key_file) if mqtt.tls else None,
        keepalive=round(mqtt.keepalive),
        session_expiry=round(mqtt.session_expiry),
    )


def home_assistant(config: Config) -> Wish:
    section = config.home_assistant
    device = Device(
        node=config.node,
        title=config.title,
        version=__version__,
        topics=Topics(config.topic),
        language=Language(section.language),
    )
    return Wish(
        mode=Mode(section.discovery),
        prefix=section.prefix,
        birth_topic=section.birth_topic,
        device=device,
        briefings=tuple(config.briefings),
    )


def wyoming(config: Config) -> Place | None:
    """Where Wyoming clients are served; None where they are not."""
    section = config.wyoming
    if not section.enabled:
        return None
    name = f"hayakoe-{config.node}" if section.zeroconf else None
    return Place(section.host, section.port, section.clients, section.max_text, name)


def zone(config: Config, trouble: Callable[[str, str], None]) -> ZoneInfo:
    """The config's; where there is none that can be read, `trouble` is told, and UTC counts."""
    try:
        return config.zone
    except ZoneError as error:
        if config.alarms or config.quiet.hours:
            trouble("config", f"alarms and quiet hours go by UTC: {error}")
        return ZoneInfo("UTC")


def voice_plan(config: Config, environ: Mapping[str, str]) -> Plan:
    voices, default = config.voices, config.speech.voice
    own = voices.settings

    def at_start(name: str) -> bool:
        return (own.get(name, Voice()).load or voices.load) == "start"

    return Plan(
        folder=voices_dir(config, environ),
        loadings=state_dir(config, environ) / "loadings.json",
        prepared=prepared_dir(config, environ),
        default=default,
        order=voices.order,
        at_start=at_start,
        prepare=voices.prepare,
        precise=lambda name: precise(config, name),
        warmth=Warmth(voices.keep_warm),
        device=Computing(voices.device),
        gpu_memory=GpuMemory(voices.gpu_memory),
        manners={name: _manner(voice) for name, voice in own.items()},
        named=[
            ("speech.voice", default),
            *(("voices.order", name) for name in voices.order),
            *(("voices.settings", name) for name in own),
            *((f"{key}.voice", fields.voice) for key, fields in spoken(config) if fields.voice is not None),
        ],
    )


def spoken(config: Config) -> Iterator[tuple[str, AlarmFields | BriefingFields]]:
    """The alarms and briefings, each by its key in the config."""
    yield from ((f"alarms.{name}", fields) for name, fields in config.alarms.items())
    yield from ((f"briefings.{name}", fields) for name, fields in config.briefings.items())


def precise(config: Config, name: str) -> Precise:
    """How precise the voice of that name is to be."""
    voices = config.voices
    own = voices.settings.get(name, Voice()).precision
    return Precise(Wanted(own or voices.precision), Bound(voices.int8_snr, voices.int8_log_mel))


def _manner(voice: Voice) -> Manner:
    return Manner(
        style=voice.style,
        style_weight=voice.style_weight,
        length_scale=1.0 / voice.speed,
        sdp_ratio=voice.sdp_ratio,
        noise_scale=voice.noise_scale,
        noise_scale_w=voice.noise_scale_w,
        pitch_scale=voice.pitch_scale,
        intonation_scale=voice.intonation_scale,
    )
