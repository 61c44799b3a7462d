"""Who is let in: passwords, certificates, and what is said when the door stays shut."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from hayakoe_daemon.mqtt.link import TlsFiles
from tests.mqtt.peer import SAY, Peer
from tests.support.broker import Broker, Watcher, make_certificates
from tests.support.waiting import wait_for

# paho leaves the socket of a failed TLS handshake to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")


def test_a_wrong_password_until_the_file_is_right(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "hayakoe_daemon.mqtt")
    file = tmp_path / "password"
    with (
        Broker(tmp_path / "broker", users={"daemon": "right"}) as broker,
        Peer(broker, user="daemon", password=file.read_text) as peer,
    ):
        missing = peer.wait_state("password for the broker cannot be read")
        assert str(file) in missing.reason
        file.write_text("sesame")
        refused = peer.wait_state("check user and password")
        assert not refused.connected
        refusals = [line for line in broker.log() if "not authorised" in line]
        wait_for(lambda: len([line for line in broker.log() if "not authorised" in line]) > len(refusals))
        said = [record.getMessage() for record in caplog.records if "check user" in record.getMessage()]
        assert len(said) == 1, "each attempt is refused, said once"
        file.write_text("right")
        peer.wait_connected(15)
        with Watcher(broker) as watcher:
            watcher.publish(SAY, "let in")
        wait_for(lambda: peer.texts() == ["let in"])
    assert "sesame" not in caplog.text
    assert peer.crashes == []


def test_no_user_where_one_is_wanted(tmp_path: Path) -> None:
    with Broker(tmp_path, users={"daemon": "right"}) as broker, Peer(broker) as peer:
        peer.wait_state("a connection without a user")


def test_what_the_access_list_forbids_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    acl = "topic readwrite hayakoe/#\ntopic readwrite fine\n"
    with Broker(tmp_path, acl=acl) as broker, Peer(broker) as peer:
        peer.wait_connected()
        delivered: list[tuple[str, bool]] = []
        assert peer.client.publish("forbidden", "x", on_settled=lambda taken: delivered.append(("forbidden", taken)))
        assert peer.client.publish("fine", "x", on_settled=lambda taken: delivered.append(("fine", taken)))
        wait_for(lambda: len(delivered) == 2)
    assert sorted(delivered) == [("fine", True), ("forbidden", False)]
    assert "refuses what we publish on forbidden" in caplog.text


def test_tls_with_a_client_certificate(tmp_path: Path) -> None:
    broker = Broker(tmp_path, tls=True, client_certificates=True)
    with broker:
        files = TlsFiles(tmp_path / "ca.crt", tmp_path / "client.crt", tmp_path / "client.key")
        with Peer(broker, tls=files) as peer, Watcher(broker) as watcher:
            peer.wait_connected()
            watcher.publish(SAY, "秘密")
            wait_for(lambda: peer.texts() == ["秘密"])
            assert peer.client.publish("out", "x")
            watcher.wait("out")
        without = TlsFiles(tmp_path / "ca.crt")
        with Peer(broker, tls=without) as peer:
            peer.wait_state("does it want a client certificate")
    assert peer.crashes == []


def test_tls_troubles_are_told_apart_and_end_when_mended(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    make_certificates(other)
    ca = tmp_path / "used.crt"
    with Broker(tmp_path / "broker", tls=True) as broker, Peer(broker, tls=TlsFiles(ca)) as peer:
        assert str(ca) in peer.wait_state("No such file").reason
        ca.write_text("this is no certificate")
        peer.wait_state("no usable PEM")
        ca.write_bytes((other / "ca.crt").read_bytes())
        peer.wait_state("is not accepted")
        ca.write_bytes((broker.folder / "ca.crt").read_bytes())
        peer.wait_connected(20)
    assert peer.crashes == []


def test_a_certificate_for_another_name(tmp_path: Path) -> None:
    broker = Broker(tmp_path, tls=True)
    broker.write()
    make_certificates(tmp_path, "DNS:broker.example.org")
    with broker, Peer(broker, tls=TlsFiles(tmp_path / "ca.crt")) as peer:
        refused = peer.wait_state("is not accepted")
        assert not refused.connected
        assert "host is the name in the certificate" in refused.reason


def test_tls_at_the_plain_port_and_plain_at_the_tls_port(tmp_path: Path) -> None:
    make_certificates(tmp_path)
    with Broker(tmp_path / "plain") as broker, Peer(broker, tls=TlsFiles(tmp_path / "ca.crt")) as peer:
        peer.wait_state("TLS")
    with Broker(tmp_path / "tls", tls=True) as broker, Peer(broker) as peer:
        peer.wait_state("is it the port for TLS")


def test_a_key_without_a_certificate_is_refused() -> None:
    with pytest.raises(ValueError, match="cert_file"):
        TlsFiles(key_file=Path("client.key"))
