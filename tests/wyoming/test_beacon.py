"""The network is told of the server, where zeroconf is installed."""

from __future__ import annotations

import sys

import pytest

from hayakoe_daemon.wyoming.beacon import Beacon, BeaconError
from hayakoe_daemon.wyoming.place import Place
from tests.support.waiting import wait_for


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zeroconf", None)
    with pytest.raises(BeaconError, match=r"-m pip install 'zeroconf>="):
        Beacon("hayakoe-test", "0.0.0.0", 10200)  # noqa: S104, nothing listens


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False), ("hall", False)],  # noqa: S104
)
def test_who_can_reach_it(host: str, local: bool) -> None:
    assert Place(host, 10200).local == local


@pytest.mark.long
def test_it_is_found() -> None:
    """By somebody who listens, as Home Assistant does. Needs a network on which multicast works."""
    zeroconf = pytest.importorskip("zeroconf")
    names: list[str] = []
    asker = zeroconf.Zeroconf()
    browser = zeroconf.ServiceBrowser(
        asker, "_wyoming._tcp.local.", handlers=[lambda name, state_change, **_: names.append(f"{state_change} {name}")]
    )
    try:
        beacon = Beacon("hayakoe-test", "127.0.0.1", 10200)
        wait_for(lambda: "ServiceStateChange.Added hayakoe-test._wyoming._tcp.local." in names, 20)
        beacon.close()
        wait_for(lambda: "ServiceStateChange.Removed hayakoe-test._wyoming._tcp.local." in names, 20)
    finally:
        browser.cancel()
        asker.close()
