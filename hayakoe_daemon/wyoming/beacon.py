"""Zeroconf tells the network of the server, so that Home Assistant proposes it by itself. An optional extra."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from typing import TYPE_CHECKING

from hayakoe_daemon.typed import installing

if TYPE_CHECKING:
    from collections.abc import Sequence

_TYPE = "_wyoming._tcp.local."
_GROUP = "224.0.0.251"
"""Where mDNS is spoken."""


class BeaconError(Exception):
    """Nobody is told; the message says why and what to do."""


class Beacon:
    """Tells until it is closed; takes a second or two to begin. Raises BeaconError."""

    def __init__(self, name: str, host: str, port: int) -> None:
        try:
            import zeroconf  # noqa: PLC0415, an optional extra
        except ImportError:
            raise BeaconError(f"it needs the package zeroconf: {installing('zeroconf')}") from None
        try:
            addresses = _addresses(host) or [_own_address()]
            info = zeroconf.ServiceInfo(
                _TYPE,
                f"{name}.{_TYPE}",
                addresses=[address.packed for address in addresses],
                port=port,
            )
            # Told which, it need not look for interfaces: under systemd's sandbox nobody is told of them.
            self._zeroconf = zeroconf.Zeroconf(interfaces=[str(address) for address in addresses])
        except (OSError, ValueError, zeroconf.Error) as error:
            raise BeaconError(str(error) or type(error).__name__) from error
        try:
            self._zeroconf.register_service(info, allow_name_change=True)
        except (OSError, zeroconf.Error) as error:
            self._zeroconf.close()
            raise BeaconError(str(error) or type(error).__name__) from error

    def close(self) -> None:
        """Take it back."""
        with contextlib.suppress(Exception):  # whatever it was, nothing is told any more
            self._zeroconf.unregister_all_services()
        self._zeroconf.close()


def _addresses(host: str) -> Sequence[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """Of this host; none where it stands for every interface."""
    found = [ipaddress.ip_address(one[4][0]) for one in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
    return [address for address in found if not address.is_unspecified]


def _own_address() -> ipaddress.IPv4Address:
    """The one from which this machine would ask a multicast group; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.connect((_GROUP, 1))
        return ipaddress.IPv4Address(nobody.getsockname()[0])
