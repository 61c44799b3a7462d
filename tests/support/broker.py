"""A private mosquitto on a loopback port, with the faults of homes, and a watcher of everything it carries."""

from __future__ import annotations

import getpass
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from tests.support.waiting import patient, wait_for

MOSQUITTO = shutil.which("mosquitto") or "/usr/sbin/mosquitto"

CONFIG = """\
persistence true
persistence_location {folder}/data/
autosave_interval 1
autosave_on_changes true
log_dest file {folder}/mosquitto.log
log_type all
connection_messages true
max_queued_messages 5000
user {user}
listener {port} 127.0.0.1
{access}{tls}"""

TLS = """\
cafile {folder}/ca.crt
certfile {folder}/server.crt
keyfile {folder}/server.key
require_certificate {client_certificates}
"""


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Broker:
    """One mosquitto that keeps its data in `folder`. A context manager; or `start` and `stop`.

    `users` (names and passwords) shuts out everybody else; without it everybody may do everything, unless `acl` (the
    text of a mosquitto access list) says otherwise. `tls` makes an
    authority (`ca.crt`), a certificate for localhost, and one for a client (`client.crt`, `client.key`) that is
    demanded with `client_certificates`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        users: dict[str, str] | None = None,
        acl: str = "",
        tls: bool = False,
        client_certificates: bool = False,
        port: int | None = None,
    ) -> None:
        self.folder = folder.resolve()
        self.host = "127.0.0.1"  # a bare container may not know the name localhost
        self.port = port or free_port()
        self.users = dict(users or {})
        self._acl = acl
        self.tls = tls
        self._client_certificates = client_certificates
        self._process: subprocess.Popen[bytes] | None = None

    # ---- configuration
    def write(self) -> None:
        (self.folder / "data").mkdir(parents=True, exist_ok=True)
        access = "allow_anonymous true\n"
        if self.users:
            self.set_passwords(self.users)
            access = f"allow_anonymous false\npassword_file {self.folder}/passwords\n"
        if self._acl:
            (self.folder / "acl").write_text(self._acl)
            (self.folder / "acl").chmod(0o600)
            access += f"acl_file {self.folder}/acl\n"
        tls = ""
        if self.tls:
            make_certificates(self.folder)
            demanded = str(self._client_certificates).lower()
            tls = TLS.format(folder=self.folder, client_certificates=demanded)
        # Started as root it would drop to a user of its own, who cannot read these files.
        config = CONFIG.format(folder=self.folder, port=self.port, user=getpass.getuser(), access=access, tls=tls)
        (self.folder / "mosquitto.conf").write_text(config)

    def set_passwords(self, users: dict[str, str]) -> None:
        """Takes effect at once where the broker runs."""
        path = self.folder / "passwords"
        path.write_text("".join(f"{name}:{password}\n" for name, password in users.items()))
        path.chmod(0o600)
        subprocess.run(["mosquitto_passwd", "-U", path], check=True, capture_output=True)
        self.users = dict(users)
        if self._process is not None:
            self._running.send_signal(signal.SIGHUP)

    # ---- life and death
    @property
    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "the broker was not started"
        return self._process

    def start(self) -> None:
        if not (self.folder / "mosquitto.conf").exists():
            self.write()
        errors = self.folder / "stderr.log"
        with errors.open("w") as output:
            self._process = subprocess.Popen(
                [MOSQUITTO, "-c", self.folder / "mosquitto.conf"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        wait_for(lambda: self._accepts() or self._running.poll() is not None)
        assert self._running.poll() is None, f"mosquitto did not start: {errors.read_text()}"

    def _accepts(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), patient(1)).close()
        except OSError:
            return False
        return True

    def stop(self) -> None:
        """As the system does it: sessions and retained messages are written to disk."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGCONT)
        process.terminate()
        try:
            process.wait(patient(10))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def kill(self) -> None:
        """As a power cut: no goodbye to the clients, nothing written."""
        self._running.kill()
        self._running.wait()

    def freeze(self) -> None:
        self._running.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._running.send_signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # ---- what it has seen
    def log(self) -> list[str]:
        """Its log, without the time stamps."""
        path = self.folder / "mosquitto.log"
        if not path.exists():
            return []
        return [line.partition(": ")[2] for line in path.read_text(errors="replace").splitlines()]


def make_certificates(folder: Path, names: str = "DNS:localhost,IP:127.0.0.1") -> None:
    """An authority, a certificate for a server of these names, and one for a client; PEM files in `folder`."""
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=folder)

    openssl("req", "-x509", *curve, "-days", "2", "-subj", "/CN=test authority", "-keyout", "ca.key", "-out", "ca.crt")
    for name, subject in (("server", "localhost"), ("client", "test client")):
        (folder / "extensions").write_text(f"subjectAltName={names}\n" if name == "server" else "")
        openssl("req", *curve, "-subj", f"/CN={subject}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        openssl(
            *("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial"),
            *("-days", "2", "-extfile", "extensions", "-out", f"{name}.crt"),
        )


@dataclass(frozen=True, slots=True)
class Seen:
    """A message as the watcher got it; `at` is monotonic seconds."""

    topic: str
    payload: bytes
    qos: int
    retain: bool
    correlation: bytes | None
    response_topic: str | None
    expiry: int | None
    at: float

    @property
    def text(self) -> str:
        return self.payload.decode()


class Watcher:
    """An independent MQTT 5 client: keeps every message on `topics`, and publishes with all that MQTT 5 offers.

    Connected and subscribed when made. `close` it, or use it as a context manager.
    """

    def __init__(
        self,
        broker: Broker,
        topics: tuple[str, ...] = ("#",),
        *,
        user: str | None = None,
        client_id: str = "",
        retry: float = 1.0,
    ) -> None:
        self.messages: list[Seen] = []
        self._broker = broker
        self._subscribed = threading.Event()
        self._topics = topics
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id, protocol=mqtt.MQTTv5)
        if broker.users:
            name = user or next(iter(broker.users))
            self._client.username_pw_set(name, broker.users[name])
        if broker.tls:
            files = {name: str(broker.folder / name) for name in ("ca.crt", "client.crt", "client.key")}
            self._client.tls_set(files["ca.crt"], files["client.crt"], files["client.key"])
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._client.reconnect_delay_set(retry, retry)  # type: ignore[arg-type]  # any number does
        self._client.connect(broker.host, broker.port, keepalive=60)
        self._client.loop_start()
        assert self._subscribed.wait(patient(10)), "the watcher could not subscribe"

    def _on_connect(self, *_: object) -> None:
        options = SubscribeOptions(qos=1, retainAsPublished=True)
        self._client.subscribe([(topic, options) for topic in self._topics])

    def _on_subscribe(self, *_: object) -> None:
        self._subscribed.set()

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        properties = message.properties
        self.messages.append(
            Seen(
                topic=message.topic,
                payload=bytes(message.payload),
                qos=message.qos,
                retain=bool(message.retain),
                correlation=getattr(properties, "CorrelationData", None),
                response_topic=getattr(properties, "ResponseTopic", None),
                expiry=getattr(properties, "MessageExpiryInterval", None),
                at=time.monotonic(),
            )
        )

    def publish(
        self,
        topic: str,
        payload: str | bytes,
        *,
        qos: int = 1,
        retain: bool = False,
        expiry: int | None = None,
        response_topic: str | None = None,
        correlation: bytes | None = None,
    ) -> None:
        """Returns when the broker has confirmed (QoS 1) or the message is written (QoS 0)."""
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        if expiry is not None:
            properties.MessageExpiryInterval = expiry
        if response_topic is not None:
            properties.ResponseTopic = response_topic
        if correlation is not None:
            properties.CorrelationData = correlation
        info = self._client.publish(topic, payload, qos, retain, properties)
        info.wait_for_publish(patient(10))
        assert info.is_published(), f"the broker did not confirm within {patient(10)} s"

    def publish_until_saved(self) -> None:
        """Publish something retained until the broker has written to disk all that happened before this call.

        mosquitto saves at every second change or so; its log tells the beginning of a save and not the end.
        """
        database = self._broker.folder / "data" / "mosquitto.db"

        def stamp() -> int:
            return database.stat().st_mtime_ns if database.exists() else 0

        for _ in range(2):  # one save may have been under way
            before = stamp()
            while stamp() == before:
                self.publish("unrelated", str(time.monotonic_ns()), retain=True)

    def wait_connected(self, seconds: float = 10.0) -> None:
        """After the broker was away."""
        wait_for(self._client.is_connected, seconds)

    def on(self, topic: str) -> list[Seen]:
        """What came on this topic so far."""
        return [message for message in self.messages if message.topic == topic]

    def wait(self, topic: str, accept: Callable[[Seen], bool] = lambda _: True, seconds: float = 10.0) -> Seen:
        """The first message on the topic that is accepted; AssertionError when none comes in time."""
        return wait_for(lambda: next((seen for seen in self.on(topic) if accept(seen)), None), seconds)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
