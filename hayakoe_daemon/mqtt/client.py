"""The link to the broker: MQTT 5 over paho, which is imported here and nowhere else.

What the house relies on, and paho does not do by itself:

- The session outlives us (`clean_start=False` at every connect, with a session expiry), and a message is acknowledged
  by whoever has made it safe, from any thread, over the connection it came by and no other.
- Nothing that a broker does ends the network thread, and no exception in a callback loses a message in silence.
- Nothing piles up while the broker is away: `publish` says False instead.
"""

from __future__ import annotations

import functools
import logging
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from hayakoe_daemon.mqtt import certificates, trouble
from hayakoe_daemon.mqtt.deliveries import Deliveries, Delivery
from hayakoe_daemon.mqtt.link import BrokerSettings, Incoming, LinkState

logger = logging.getLogger(__name__)

FIRST_DELAY, LONGEST_DELAY = 1, 30
"""Seconds between attempts: doubling from one to the other."""

SETTLED = 60.0
"""Seconds after which a connection counts as steady."""

UNSTEADY = 3
"""So many connections in a row that were lost before they were steady are no accident."""

REMIND = 300.0
"""Seconds after which a trouble that lasts is logged again."""

MOST_UNCONFIRMED = 1000
"""Messages that may be on their way to a broker that does not confirm them."""


class _Network(mqtt.Client):
    """paho's client whose thread outlives what a broken or strange server sends, and with a hook after each turn."""

    def __init__(self, client_id: str, broken: Callable[[Exception], bool], after_turn: Callable[[], None]) -> None:
        super().__init__(CallbackAPIVersion.VERSION2, client_id, protocol=mqtt.MQTTv5, manual_ack=True)
        self._broken = broken
        self._after_turn = after_turn

    def loop_forever(self, timeout: float = 1.0, retry_first_connection: bool = False) -> MQTTErrorCode:
        while True:
            try:
                return super().loop_forever(timeout, retry_first_connection)
            except Exception as error:  # noqa: BLE001, our callbacks catch their own: paho could not read the server
                if not self._broken(error):
                    return MQTTErrorCode.MQTT_ERR_UNKNOWN

    def loop_misc(self) -> MQTTErrorCode:
        result = super().loop_misc()
        self._after_turn()
        return result


class MqttClient:
    """One client, from `start` to `stop`. Every method may be called from any thread, also from within a callback,
    but for `start` and `stop`, which belong to the owner.

    The callbacks run on the network thread and must return at once. An exception out of one of them is a bug: it goes
    to `on_crash` with the name of the thread, and the message concerned is not acknowledged. `on_state` is told every
    change, also of the reason why there is no connection. `will` and `birth` are (topic, payload), both retained:
    the broker publishes the first when we vanish, and `stop` does when we leave; the second goes out at each connect.

    `subscriptions` are topics of ours: whatever was published there as retained comes with that flag, so that it can be
    told from commands of this moment. `others` are somebody else's: there the flag means that the broker had kept it,
    and all that it keeps comes at the first connection, also with a session that it knows.
    """

    def __init__(
        self,
        settings: BrokerSettings,
        *,
        subscriptions: Iterable[str],
        others: Iterable[str] = (),
        will: tuple[str, str],
        birth: tuple[str, str],
        on_message: Callable[[Incoming], None],
        on_state: Callable[[LinkState], None],
        on_crash: Callable[[str, Exception], None],
    ) -> None:
        self._settings = settings
        self._subscriptions = tuple(subscriptions)
        self._others = tuple(others)
        self._will = will
        self._birth = birth
        self._on_message = on_message
        self._on_state = on_state
        self._on_crash = on_crash

        self._state = LinkState(connected=False, session_present=False, reason="not started")
        self._stopping = threading.Event()
        self._said = trouble.SaidLately(REMIND, time.monotonic)
        self._deliveries = Deliveries()
        # An acknowledgement that slips in between two connections would be sent before CONNECT.
        self._live_lock = threading.Lock()
        self._live = False
        self._generation = 0
        self._session_present = False
        self._has_subscribed = False
        # Whether the end of the attempt under way has been explained: paho reports some ends twice, some refusals too.
        self._explained = False
        self._connected_at = 0.0
        self._short_lived = 0

        self._tls = certificates.new_context() if settings.tls else None
        self._network = self._make_network()

    # ------------------------------------------------------------------------------------------------ life
    def start(self) -> None:
        """Begin to connect, and go on until `stop`; returns at once."""
        self._aim()
        self._network.loop_start()

    def stop(self, timeout: float) -> None:
        """Say goodbye (the retained will) and disconnect; after `timeout` seconds without an answer just leave."""
        deadline = time.monotonic() + timeout
        self._stopping.set()
        told = threading.Event()
        if self.publish(*self._will, retain=True, on_settled=lambda _: told.set()):
            told.wait(timeout * 0.7)
        self._go_down()
        self._network.disconnect()
        # paho waits for its thread without end, and that one may be stuck in connecting.
        waiter = threading.Thread(target=self._network.loop_stop, name="mqtt-stop", daemon=True)
        waiter.start()
        waiter.join(max(0.0, deadline - time.monotonic()))
        self._set_state(LinkState(connected=False, session_present=False, reason="stopped"))

    @property
    def state(self) -> LinkState:
        return self._state

    @property
    def connected(self) -> bool:
        return self._state.connected

    # ------------------------------------------------------------------------------------------------ messages
    def acknowledge(self, incoming: Incoming) -> None:
        """Tell the broker that this message is safe; nothing happens where its connection is gone.

        It then comes again, with `dup`, over the next one.
        """
        with self._live_lock:
            if incoming.qos and self._live and incoming.generation == self._generation:
                self._network.ack(incoming.mid, incoming.qos)

    def publish(
        self,
        topic: str,
        payload: str | bytes,
        *,
        retain: bool = False,
        correlation: bytes | None = None,
        on_settled: Callable[[bool], None] | None = None,
    ) -> bool:
        """Send with QoS 1. False: not connected (or the topic is none), and the message is dropped.

        `on_settled`, on the network thread: the broker has taken it (if need be after a reconnect) or refused it.
        """
        if not self._live:
            return False
        if len(self._deliveries) >= MOST_UNCONFIRMED:
            self._warn("the broker confirms nothing of what we publish; messages are dropped meanwhile")
            return False
        return self._send(topic, payload, retain=retain, correlation=correlation, on_settled=on_settled)

    def _send(
        self,
        topic: str,
        payload: str | bytes,
        *,
        retain: bool,
        correlation: bytes | None = None,
        on_settled: Callable[[bool], None] | None = None,
    ) -> bool:
        properties = None
        if correlation is not None:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.CorrelationData = correlation
        try:
            if not topic:
                raise ValueError("it is empty")
            info = self._network.publish(topic, payload, qos=1, retain=retain, properties=properties)
        except ValueError as error:
            self._warn(f"cannot publish on the topic {topic[:200]!r}: {error}")
            return False
        # Without a connection paho keeps the message all the same, and sends it after the reconnect.
        if info.rc not in (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_NO_CONN):
            return False
        self._deliveries.expect(info.mid, Delivery(topic, on_settled))
        return True

    # ------------------------------------------------------------------------------------------------ paho's side
    def _make_network(self) -> _Network:
        network = _Network(self._settings.client_id, self._broken, self._settle_deliveries)
        network.reconnect_delay_set(FIRST_DELAY, LONGEST_DELAY)
        network.will_set(*self._will, qos=1, retain=True)
        if self._tls is not None:
            network.tls_set_context(self._tls)
        network.on_socket_open = _send_at_once
        network.on_pre_connect = self._pre_connect
        network.on_connect_fail = self._connect_fail
        network.on_connect = self._connected_or_refused
        network.on_subscribe = self._subscribed
        network.on_disconnect = self._disconnected
        network.on_message = self._received
        network.on_publish = self._confirmed
        return network

    def _aim(self) -> None:
        """Tell paho where to connect; its loop does it."""
        settings = self._settings
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = settings.session_expiry
        self._network.connect_async(
            settings.host, settings.port, settings.keepalive, clean_start=False, properties=properties
        )

    def _pre_connect(self, *_: object) -> None:
        """What an attempt needs is read afresh; an OSError here is an attempt that failed, to paho too."""
        self._go_down()
        self._explained = False
        if self._stopping.is_set():
            raise trouble.NotReady("stopping")
        try:
            password = self._settings.password()
            self._network.username_pw_set(self._settings.user, password)
        except (OSError, ValueError) as error:
            raise trouble.NotReady(f"the password for the broker cannot be read: {error}") from error
        if self._tls is not None and self._settings.tls is not None:
            certificates.load(self._settings.tls, self._tls)

    def _connect_fail(self, *_: object) -> None:
        # paho calls this inside its `except OSError`, and tells the error in no other way.
        self._down(trouble.attempt_failed(self._settings, sys.exception()))

    def _connected_or_refused(
        self, _client: mqtt.Client, _data: Any, flags: mqtt.ConnectFlags, code: ReasonCode, _properties: Any
    ) -> None:
        self._explained = True
        if code.is_failure:
            self._down(trouble.refused(self._settings, code.value, str(code)))
            return
        if self._stopping.is_set():
            self._network.disconnect()
            return
        self._session_present = flags.session_present
        self._connected_at = time.monotonic()
        with self._live_lock:
            self._generation += 1
            self._live = True
        self._subscribe()

    def _subscribe(self) -> None:
        if_new, always = SubscribeOptions.RETAIN_SEND_IF_NEW_SUB, SubscribeOptions.RETAIN_SEND_ON_SUBSCRIBE
        ours = SubscribeOptions(qos=1, retainAsPublished=True, retainHandling=if_new)
        handling = if_new if self._has_subscribed else always
        others = SubscribeOptions(qos=1, retainAsPublished=False, retainHandling=handling)
        topics = [(topic, ours) for topic in self._subscriptions] + [(topic, others) for topic in self._others]
        self._network.subscribe(topics)

    def _subscribed(
        self, _client: mqtt.Client, _data: Any, _mid: int, codes: list[ReasonCode], _properties: Any
    ) -> None:
        """Only now is the link up, and said to be: before, what others publish could miss us."""
        self._has_subscribed = True
        self._send(*self._birth, retain=True)
        session = "it kept our session" if self._session_present else "with a new session"
        text = f"connected to the broker at {self._settings.address}, {session}"
        if self._short_lived < UNSTEADY:
            self._said.forget()
        if self._said.due(text):
            logger.info("%s", text)
        for topic, code in zip((*self._subscriptions, *self._others), codes, strict=False):
            if code.is_failure:
                self._warn(f"the broker refuses the subscription to {topic} ({code}); check its access list")
        self._set_state(LinkState(connected=True, session_present=self._session_present, reason=text))

    def _disconnected(self, _client: mqtt.Client, _data: Any, _flags: Any, code: ReasonCode, _properties: Any) -> None:
        """Called more than once for some ends, and for refusals as well."""
        was_live = self._go_down()
        if self._stopping.is_set() or (self._explained and not was_live):
            return
        self._explained = True
        silent = str(code) == trouble.KEEPALIVE_TIMEOUT
        if not was_live and not silent:
            self._down(trouble.hung_up(self._settings))
            return
        self._pace(silent=silent)
        closed = code.value != trouble.TAKEN_OVER and self._short_lived >= UNSTEADY
        self._down(trouble.unsteady(self._settings) if closed else trouble.lost(self._settings, code.value, str(code)))

    def _pace(self, *, silent: bool) -> None:
        """Two clients with one id throw each other out for ever: do our part of it ever less often."""
        brief = not silent and time.monotonic() - self._connected_at < SETTLED
        self._short_lived = self._short_lived + 1 if brief else 0
        delay = FIRST_DELAY * 2 ** min(max(self._short_lived - 1, 0), 10)
        self._network.reconnect_delay_set(min(delay, LONGEST_DELAY), LONGEST_DELAY)

    def _received(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            # No broker lets such a topic pass. Unacknowledged it would come again for ever.
            self._network.ack(message.mid, message.qos)
            return
        properties = message.properties
        incoming = Incoming(
            topic=topic,
            payload=bytes(message.payload),
            qos=message.qos,
            mid=message.mid,
            dup=bool(message.dup),
            retain=bool(message.retain),
            expiry=getattr(properties, "MessageExpiryInterval", None),
            response_topic=getattr(properties, "ResponseTopic", None),
            correlation=getattr(properties, "CorrelationData", None),
            generation=self._generation,
        )
        self._guarded(lambda: self._on_message(incoming))

    def _confirmed(self, _client: mqtt.Client, _data: Any, mid: int, code: ReasonCode, _properties: Any) -> None:
        self._deliveries.confirm(mid, str(code) if code.is_failure else None)

    def _settle_deliveries(self) -> None:
        for delivery, refusal in self._deliveries.take_settled():
            if refusal is not None:
                self._warn(f"the broker refuses what we publish on {delivery.topic} ({refusal}); check its access list")
            if delivery.on_settled is not None:
                self._guarded(functools.partial(delivery.on_settled, refusal is None))

    def _broken(self, error: Exception) -> bool:
        """The library gave up reading: a server that speaks something else. True when it is time to try again."""
        self._go_down()
        self._down(f"{self._settings.address} sends what is not MQTT ({error}); is it the broker's port?")
        if self._stopping.wait(LONGEST_DELAY):
            return False
        self._aim()
        return True

    # ------------------------------------------------------------------------------------------------ telling
    def _go_down(self) -> bool:
        """No more acknowledgements and publishing over this connection; True where there was one."""
        with self._live_lock:
            was_live, self._live = self._live, False
        return was_live

    def _down(self, reason: str) -> None:
        if self._stopping.is_set():
            return
        self._warn(f"{reason}; trying again, every {LONGEST_DELAY} s at the latest")
        self._set_state(LinkState(connected=False, session_present=False, reason=reason))

    def _warn(self, text: str) -> None:
        if self._said.due(text):
            logger.warning("%s", text)

    def _set_state(self, state: LinkState) -> None:
        if state != self._state:
            self._state = state
            self._guarded(lambda: self._on_state(state))

    def _guarded(self, callback: Callable[[], None]) -> None:
        """An exception in a callback would end paho's thread and leave it looking alive."""
        try:
            callback()
        except Exception as error:  # noqa: BLE001, whatever it is, it must reach the owner
            self._on_crash("mqtt", error)


def _send_at_once(_client: mqtt.Client, _data: Any, sock: mqtt.SocketLike) -> None:
    """Small packets are all there is: without this each may wait 40 ms for the acknowledgement of the one before."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # type: ignore[attr-defined]
