"""The discovery documents: one for the whole device, or one for each entity, as servers before 2024.11 need it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from hayakoe_daemon.mqtt.discovery.device import Device, Inventory
from hayakoe_daemon.mqtt.discovery.parts import Part, parts

Documents = dict[str, Part]
"""By topic."""


class Mode(StrEnum):
    """How it is sent, as `home_assistant.discovery` names it."""

    DEVICE = "device"
    COMPONENTS = "components"
    OFF = "off"


def documents(
    mode: Mode, prefix: str, device: Device, inventory: Inventory, once: Mapping[str, str] | None = None
) -> Documents:
    """All documents of this mode. `once` has the platform of each part that the document of the device has ever had:
    one that is gone is given by its platform alone, which has Home Assistant remove it."""
    if mode is Mode.OFF:
        return {}
    found = parts(device, inventory)
    common = {"device": device.document(), "origin": device.origin()}
    if mode is Mode.COMPONENTS:
        return {
            component_topic(prefix, part["platform"], device.id, key): {
                **{field: value for field, value in part.items() if field != "platform"},
                **common,
            }
            for key, part in found.items()
        }
    gone = {key: {"p": platform} for key, platform in (once or {}).items() if key not in found}
    here = {
        key: {"p": part["platform"], **{field: value for field, value in part.items() if field != "platform"}}
        for key, part in found.items()
    }
    return {device_topic(prefix, device.id): {"dev": common["device"], "o": common["origin"], "cmps": {**here, **gone}}}


def device_topic(prefix: str, device_id: str) -> str:
    return f"{prefix}/device/{device_id}/config"


def component_topic(prefix: str, platform: str, device_id: str, key: str) -> str:
    return f"{prefix}/{platform}/{device_id}/{key}/config"


def platforms(document: Part) -> dict[str, str]:
    """The platform of each part in the document of a device; none in any other."""
    return {key: part["p"] for key, part in document.get("cmps", {}).items()}
