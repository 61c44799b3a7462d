"""What the config means for the parts of the house, as the plain values that they take."""

from __future__ import annotations

from collections.abc import Mapping

from hayakoe_daemon.audio.open import open_sink
from hayakoe_daemon.audio.sink import Sink
from hayakoe_daemon.config.model import Audio, Config
from hayakoe_daemon.config.secret import password_reader
from hayakoe_daemon.journal.journal import Limits
from hayakoe_daemon.mqtt.link import BrokerSettings, TlsFiles


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
