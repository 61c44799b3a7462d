"""The fields that Home Assistant's MQTT platforms know, as of 2025.4 (schemas of its mqtt integration), with what came
since: `default_entity_id` in 2025.10, in place of `object_id`, which goes in 2026.4.

A field that Home Assistant does not know is dropped without a word: only a test can tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

AVAILABILITY = {"availability", "availability_mode"}

ENTITY = {
    *("device", "origin", "enabled_by_default", "entity_category", "entity_picture", "icon"),
    *("json_attributes_topic", "json_attributes_template", "object_id", "default_entity_id", "unique_id", "name"),
    *("qos", "encoding"),
    *AVAILABILITY,
}
READ = {"state_topic", "value_template"}
WRITE = {"command_topic", "retain"}

FIELDS: dict[str, set[str]] = {
    "notify": {*WRITE, "command_template"},
    "button": {*WRITE, "command_template", "device_class", "payload_press"},
    "text": {*WRITE, *READ, "optimistic", "command_template", "max", "min", "mode", "pattern"},
    "number": {
        *(*WRITE, *READ, "optimistic", "command_template", "device_class"),
        *("max", "min", "mode", "payload_reset", "step", "unit_of_measurement"),
    },
    "select": {*WRITE, *READ, "optimistic", "command_template", "options"},
    "switch": {
        *(*WRITE, *READ, "optimistic", "command_template", "device_class"),
        *("payload_off", "payload_on", "state_off", "state_on"),
    },
    "sensor": {
        *(*READ, "device_class", "expire_after", "force_update", "last_reset_value_template"),
        *("options", "suggested_display_precision", "state_class", "unit_of_measurement"),
    },
    "binary_sensor": {
        *(*READ, "device_class", "expire_after", "force_update", "off_delay", "payload_off", "payload_on"),
    },
    "event": {*READ, "device_class", "event_types"},
}

REQUIRED: dict[str, set[str]] = {
    "notify": {"command_topic"},
    "button": {"command_topic"},
    "text": {"command_topic"},
    "number": {"command_topic"},
    "select": {"command_topic", "options"},
    "switch": {"command_topic"},
    "sensor": {"state_topic"},
    "binary_sensor": {"state_topic"},
    "event": {"state_topic", "event_types"},
}

VALUES: dict[str, dict[str, set[str]]] = {
    "sensor": {
        "device_class": {"enum", "timestamp", "duration", "data_size"},
        "state_class": {"measurement", "total", "total_increasing"},
    },
    "binary_sensor": {"device_class": {"problem", "running", "sound"}},
    "number": {"mode": {"auto", "box", "slider"}},
    "text": {"mode": {"text", "password"}},
}
"""What some fields may be, as far as we use them."""

UNITS = {"duration": {"s", "ms", "min", "h", "d"}, "data_size": {"B", "kB", "MB", "GB", "KiB", "MiB", "GiB"}}
"""Of sensors with that device class."""

DEVICE = {
    *("identifiers", "connections", "manufacturer", "model", "model_id", "name", "hw_version", "serial_number"),
    *("sw_version", "via_device", "suggested_area", "configuration_url"),
}
ORIGIN = {"name", "sw_version", "support_url"}
AVAILABILITY_ENTRY = {"topic", "payload_available", "payload_not_available", "value_template"}
OF_DEVICE = {"dev", "o", "cmps", "qos", "encoding", "state_topic", "command_topic", *AVAILABILITY}

LONGEST_STATE = 255


def mistakes(platform: str, part: dict[str, Any]) -> Iterator[str]:
    """What Home Assistant would drop, refuse or misread of one entity."""
    if platform not in FIELDS:
        yield f"{platform}: no such platform"
        return
    yield from (f"{field}: unknown to {platform}" for field in part.keys() - FIELDS[platform] - ENTITY)
    yield from (f"{field}: required by {platform}" for field in REQUIRED[platform] - part.keys())
    yield from (f"{field}: empty" for field in ("name", "unique_id") if not part.get(field))
    allowed = {"availability_mode": {"all", "any", "latest"}, **VALUES.get(platform, {})}
    allowed["entity_category"] = {"diagnostic"} if platform in ("sensor", "binary_sensor") else {"diagnostic", "config"}
    yield from (
        f"{field}: {part[field]}" for field in allowed.keys() & part.keys() if part[field] not in allowed[field]
    )
    for entry in part.get("availability", ()):
        yield from (f"availability.{field}: unknown" for field in entry.keys() - AVAILABILITY_ENTRY)
    unit, kind = part.get("unit_of_measurement"), part.get("device_class", "")
    wrong = {
        "icon": not part.get("icon", "mdi:x").startswith("mdi:"),
        "options": "options" in part and (not part["options"] or (platform == "sensor" and kind != "enum")),
        "unit_of_measurement": kind in UNITS and unit not in UNITS[kind],
        "min, max": part.get("max", 0) > LONGEST_STATE or part.get("min", 0) > part.get("max", 100),
        "qos: commands may be lost": "command_topic" in part and part.get("qos") != 1,
        "default_entity_id": not re.fullmatch(rf"{platform}\.[a-z0-9_]+", part.get("default_entity_id", "")),
    }
    yield from (field for field, is_wrong in wrong.items() if is_wrong)
