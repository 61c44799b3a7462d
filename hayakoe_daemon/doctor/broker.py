"""The broker: whether a message comes back from it, and what it keeps for a daemon that is away."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator

from hayakoe_daemon.doctor.finding import Finding, failure, ok, warning
from hayakoe_daemon.doctor.machine import Machine
from hayakoe_daemon.doctor.mosquitto import keeping
from hayakoe_daemon.mqtt.link import BrokerSettings
from hayakoe_daemon.mqtt.round_trip import NoRoundTrip, RoundTrip, round_trip

NAME = "broker"
PATIENCE = 6.0
_REACHED = 2.0
"""Seconds for a bare connection."""

SLOW = 0.2
"""Seconds there and back in a home's network, above which something is in the way."""

_FILE = "/etc/mosquitto/conf.d/hayakoe-daemon.conf"
_SAVE = (
    f"printf 'autosave_interval 1\\nautosave_on_changes true\\n' | sudo tee {_FILE} && sudo systemctl restart mosquitto"
)


def examine_broker(settings: BrokerSettings, topic: str, machine: Machine) -> Iterator[Finding]:
    """`topic` is one that nobody uses, below the base where the access list lets the daemon write and read."""
    try:
        trip = round_trip(settings, topic, patience=PATIENCE)
    except NoRoundTrip as error:
        yield failure(NAME, f"nothing is heard that comes over MQTT: {error}", _next_step(settings))
        return
    name = trip.server or "the broker"
    means = f"a message to {name} at {settings.address} is back after {trip.seconds * 1000:.0f} ms"
    yield warning(NAME, f"{means}, which is long", f"ping {settings.host}") if trip.seconds > SLOW else ok(NAME, means)
    yield from _session(settings, trip, machine)


def _session(settings: BrokerSettings, trip: RoundTrip, machine: Machine) -> Iterator[Finding]:
    if not settings.session_expiry:
        yield warning(
            "session",
            "mqtt.session_expiry is 0: what is sent while the daemon is away is lost",
            "mqtt.session_expiry: 1 h",
        )
        return
    if not trip.session_kept:
        yield failure(
            "session",
            "the broker does not keep sessions: what is sent while the daemon is away is lost",
            "let the broker speak MQTT 5 and keep sessions for an hour",
        )
        return
    kept = keeping(machine, settings.port) if is_here(settings.host) else None
    if kept is None:
        hint = "" if trip.server is None or "mosquitto" not in trip.server else _SAVE
        yield ok(
            "session",
            "the broker keeps messages while the daemon is away"
            + (
                "; a mosquitto that is killed loses those of the last half hour, unless its config says" if hint else ""
            ),
            f"on the broker's machine: {hint}" if hint else None,
        )
    elif lost := kept.lost_at_most:
        first = "" if kept.persistence else "set `persistence true` in /etc/mosquitto/mosquitto.conf, then: "
        yield warning(
            "session",
            f"when mosquitto is killed or the power goes, it loses {lost}: messages that it had confirmed are"
            f" not heard ({'autosave' if kept.persistence else 'persistence'} in its config)",
            f"{first}{_SAVE}",
        )
    else:
        yield ok("session", "mosquitto keeps messages while the daemon is away, through a power cut too")


def is_here(host: str) -> bool:
    """Whether that is this machine, as far as its name tells."""
    if host in ("localhost", socket.gethostname()):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _next_step(settings: BrokerSettings) -> str:
    """What to type, by how far one gets without MQTT."""
    try:
        socket.create_connection((settings.host, settings.port), _REACHED).close()
    except socket.gaierror:
        return f"getent hosts {settings.host} (a name of mDNS ends in .local; an address in mqtt.host always works)"
    except OSError:
        here = "systemctl status mosquitto; journalctl -u mosquitto -n 20"
        return here if is_here(settings.host) else f"ping -c 3 {settings.host}"
    user = "" if settings.user is None else f" -u {settings.user} -P PASSWORD"
    tls = ""
    if settings.tls is not None:
        authority = settings.tls.ca_file
        tls = " --tls-use-os-certs" if authority is None else f" --cafile {authority}"
    see = f"mosquitto_sub -V 5 -h {settings.host} -p {settings.port}{user}{tls} -t '#' -C 1 -W 5 -d"
    return f"{see} (on the broker's machine: journalctl -u mosquitto -n 20)"
