"""What goes wrong between us and the broker, in words that say what to do."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from typing import Final

from hayakoe_daemon.mqtt.link import BrokerSettings

TAKEN_OVER: Final = 0x8E
"""DISCONNECT: another client has connected with our client id."""

KEEPALIVE_TIMEOUT: Final = "Keep alive timeout"
"""The name of the reason that paho gives for a broker that is silent."""

_REFUSALS = {
    0x84: "it does not speak MQTT 5; mosquitto does from version 1.6 on",
    0x85: 'it does not accept the client id "{client_id}"; choose another client_id',
    0x86: "it does not accept {user}; check user and password",
    0x87: "it does not accept {user}; check user and password",
    0x88: "it says that it is not available; look at its own log",
    0x89: "it says that it is too busy",
    0x8A: 'it has banned the client id "{client_id}"; look at its configuration',
}
"""By the reason code of the CONNACK, MQTT 5.0 table 3-1."""


class NotReady(OSError):  # noqa: N818, an attempt that could not even begin
    """Something on our own side is missing for an attempt; the message says what."""


def attempt_failed(settings: BrokerSettings, error: BaseException | None) -> str:
    """Why no connection came about, from the exception of the attempt."""
    where = settings.address
    match error:
        case NotReady():
            why = str(error)
        case ssl.SSLCertVerificationError():
            why = (
                f"the certificate of {where} is not accepted ({error.verify_message}); "
                "check tls.ca_file and that host is the name in the certificate"
            )
        case ssl.SSLError():
            why = f"no TLS connection with {where} ({error.reason or error}); is this the broker's TLS port?"
        case ConnectionResetError() if settings.tls is not None:
            why = f"{where} closed the connection instead of answering with TLS; is this the broker's TLS port?"
        case socket.gaierror():
            why = f"the host name {settings.host} cannot be resolved ({error.strerror}); check host and the network"
        case ConnectionRefusedError():
            why = f"nothing answers at {where} (connection refused); is the broker running, is the port right?"
        case TimeoutError():
            why = f"{where} does not answer; is the broker's machine on and reachable?"
        case OSError():
            why = f"{where} cannot be reached ({error.strerror or error})"
        case _:
            why = f"{where} cannot be reached"
    return why


def refused(settings: BrokerSettings, code: int, name: str) -> str:
    """Why the broker does not let us in, from the reason code of its CONNACK."""
    user = f'the user "{settings.user}" or the password' if settings.user else "a connection without a user"
    words = _REFUSALS.get(code, name).format(client_id=settings.client_id, user=user)
    return f"the broker at {settings.address} refuses the connection: {words}"


def hung_up(settings: BrokerSettings) -> str:
    """The broker closed the connection before it answered."""
    if settings.tls is None:
        hint = "is it the port for TLS, or no MQTT broker?"
    elif settings.tls.cert_file is None:
        hint = "does it want a client certificate (tls.cert_file)?"
    else:
        hint = "does it accept the client certificate?"
    return f"{settings.address} closed the connection without an answer; {hint}"


def lost(settings: BrokerSettings, code: int, name: str) -> str:
    """Why a connection that stood is gone, from the reason of its end."""
    if code == TAKEN_OVER:
        return (
            f'another client has taken over the client id "{settings.client_id}" at {settings.address}; '
            "give each daemon its own client_id"
        )
    if name == KEEPALIVE_TIMEOUT:
        return f"the broker at {settings.address} has stopped answering"
    why = "it was closed" if name == "Unspecified error" else name
    return f"the connection to the broker at {settings.address} is lost ({why})"


def unsteady(settings: BrokerSettings) -> str:
    """Connections do come about, and each is lost soon: so it looks where a broker does not tell of a takeover."""
    return (
        f"the broker at {settings.address} closes each connection soon after it stood; probably another client "
        f'uses the client id "{settings.client_id}": give each daemon its own client_id'
    )


class SaidLately:
    """Which texts are due to be said: the same one not again within `seconds`.

    A connection that fails fails again at each attempt, each time with the same words. Any thread may ask.
    """

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._said: dict[str, float] = {}
        self._lock = threading.Lock()

    def due(self, text: str) -> bool:
        """True where it has not been said lately; counts as said then."""
        now = self._clock()
        with self._lock:
            self._said = {known: at for known, at in self._said.items() if now - at < self._seconds}
            if text in self._said:
                return False
            self._said[text] = now
            return True

    def forget(self) -> None:
        """What was wrong is right again: should it go wrong once more, that is news."""
        with self._lock:
            self._said.clear()
