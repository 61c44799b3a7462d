"""Each entity as Home Assistant's MQTT platforms describe it, by its key; what `platform` it is stands in it.

Keys are part of the unique ids and never change their meaning. Those of alarms and briefings are a word without `_`, a
`_` and their name; so they cannot meet, whatever an alarm is called.
"""

from __future__ import annotations

import json
from typing import Any

from hayakoe_daemon.announcement import EVENT_TYPES
from hayakoe_daemon.mqtt.discovery.device import Device, Inventory
from hayakoe_daemon.mqtt.discovery.names import NAMES, USUAL_STYLE, chosen

Part = dict[str, Any]

LONGEST = 255
"""Characters that a state of Home Assistant, and so a text entity, may have."""

CLOCK = "^([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"
"""A time of day, as people and alarms write it."""

TEST = {
    "text": "音声のテストです。この声が聞こえれば、正しく動いています。",
    "chime": True,
    "priority": "high",
    "when_quiet": "speak",
}
"""What Test has said; in Japanese whatever the language, as it tries a Japanese voice."""


def parts(device: Device, inventory: Inventory) -> dict[str, Part]:
    """All entities by their keys."""
    make = _Maker(device)
    return {
        **_speech(make),
        **_buttons(make),
        **_settings(make, inventory),
        **_states(make),
        **_diagnostics(make),
        **_events(make),
        **_alarms(make, inventory),
    }


class _Maker:
    """What all parts have in common."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.topics = device.topics

    def __call__(self, platform: str, key: str, icon: str, *, sound: bool = False, name: str = "", **own: Any) -> Part:
        """`sound`: of no use without a sound device. QoS 1 is that of commands, and of listening to states."""
        kind = key.removesuffix(f"_{name}") if name else key
        needed = (self.topics.status, self.topics.audio) if sound else (self.topics.status,)
        unique = f"{self.device.id}_{key}"
        return {
            "platform": platform,
            "name": chosen(NAMES[kind], self.device.language).format(name=name),
            "unique_id": unique,
            "default_entity_id": f"{platform}.{unique}".replace("-", "_"),
            # the same for a Home Assistant before 2025.10
            "object_id": unique.replace("-", "_"),
            "icon": f"mdi:{icon}",
            "availability": [{"topic": topic} for topic in needed],
            "availability_mode": "all",
            "qos": 1,
            **own,
        }

    def of_state(self, template: str) -> Part:
        return {"state_topic": self.topics.state, "value_template": template}


def _speech(make: _Maker) -> dict[str, Part]:
    # As JSON also where it is text alone: a text that begins with { would be taken for an object otherwise.
    said = "{{ {'text': value} | to_json }}"
    urgently = "{{ {'text': value, 'priority': 'urgent'} | to_json }}"
    say: Part = {"sound": True, "command_topic": make.topics.say}
    return {
        "speak": make("notify", "speak", "bullhorn", command_template=said, **say),
        "speak_urgently": make("notify", "speak_urgently", "bullhorn-variant", command_template=urgently, **say),
        "say": make("text", "say", "text-to-speech", command_template=said, min=1, max=LONGEST, **say),
    }


def _buttons(make: _Maker) -> dict[str, Part]:
    do = make.topics.do
    test = json.dumps(TEST, ensure_ascii=False)
    return {
        "stop": make("button", "stop", "stop", command_topic=do("stop")),
        "skip": make("button", "skip", "skip-next", command_topic=do("skip")),
        "repeat": make("button", "repeat", "repeat", sound=True, command_topic=do("repeat")),
        "snooze": make("button", "snooze", "alarm-snooze", command_topic=do("snooze")),
        "dismiss": make("button", "dismiss", "alarm-off", command_topic=do("dismiss")),
        "test": make(
            "button",
            "test",
            "volume-source",
            sound=True,
            command_topic=make.topics.say,
            payload_press=test,
            entity_category="diagnostic",
        ),
    }


def _settings(make: _Maker, inventory: Inventory) -> dict[str, Part]:
    set_, language = make.topics.set, make.device.language
    usual = chosen(USUAL_STYLE, language)
    # What is set counts as an option even where the voice was removed, or has no such style: Home Assistant logs an
    # error for any state that is none.
    voices = dict.fromkeys((*inventory.voices, inventory.voice))
    styles = dict.fromkeys((usual, *inventory.styles, *([inventory.style] if inventory.style else ())))
    return {
        "volume": make(
            "number",
            "volume",
            "volume-high",
            **make.of_state("{{ value_json.volume }}"),
            command_topic=set_("volume"),
            min=0,
            max=100,
            step=1,
            mode="slider",
            unit_of_measurement="%",
        ),
        "speed": make(
            "number",
            "speed",
            "speedometer",
            **make.of_state("{{ value_json.speed }}"),
            command_topic=set_("speed"),
            min=0.25,
            max=3,
            step=0.05,
            mode="slider",
            entity_category="config",
        ),
        "voice": make(
            "select",
            "voice",
            "account-voice",
            **make.of_state("{{ value_json.voice }}"),
            command_topic=set_("voice"),
            options=list(voices),
            entity_category="config",
        ),
        "style": make(
            "select",
            "style",
            "emoticon-outline",
            **make.of_state(f"{{{{ value_json.style or '{usual}' }}}}"),
            command_topic=set_("style"),
            command_template=f"{{{{ 'null' if value == '{usual}' else value }}}}",
            options=list(styles),
            entity_category="config",
        ),
        "mute": _switch(make, "mute", "volume-mute"),
        "do_not_disturb": _switch(make, "do_not_disturb", "minus-circle"),
    }


def _switch(make: _Maker, key: str, icon: str) -> Part:
    template = f"{{{{ 'ON' if value_json.{key} | default(false) else 'OFF' }}}}"
    return make("switch", key, icon, **make.of_state(template), command_topic=make.topics.set(key))


def _states(make: _Maker) -> dict[str, Part]:
    topics = make.topics
    quiet = "value_json.state == 'idle' and value_json.quiet | default(false)"
    details = ("id", "device", "journal", "held", "last_engine")
    picked = ", ".join(f"'{detail}': value_json.{detail} | default(none)" for detail in details)
    return {
        "state": make(
            "sensor",
            "state",
            "account-voice",
            **make.of_state(f"{{{{ 'quiet' if {quiet} else value_json.state }}}}"),
            json_attributes_topic=topics.state,
            json_attributes_template=f"{{{{ {{{picked}}} | to_json }}}}",
            device_class="enum",
            options=["idle", "speaking", "quiet"],
        ),
        "queue": make(
            "sensor", "queue", "tray-full", **make.of_state("{{ value_json.queue }}"), state_class="measurement"
        ),
        "last_text": make(
            "sensor",
            "last_text",
            "message-text",
            state_topic=topics.last,
            value_template=f"{{{{ value_json.text[:{LONGEST}] }}}}",
            json_attributes_topic=topics.last,
        ),
        "next_alarm": make(
            "sensor",
            "next_alarm",
            "alarm",
            state_topic=topics.next_alarm,
            value_template="{{ value_json.at }}",
            json_attributes_topic=topics.next_alarm,
            json_attributes_template="{{ {'name': value_json.name} | to_json }}",
            device_class="timestamp",
        ),
        "speaking": make(
            "binary_sensor",
            "speaking",
            "account-voice",
            **make.of_state("{{ 'ON' if value_json.state == 'speaking' else 'OFF' }}"),
            device_class="running",
        ),
        "audio_problem": make(
            "binary_sensor",
            "audio_problem",
            "speaker-off",
            state_topic=topics.audio,
            payload_on="offline",
            payload_off="online",
            device_class="problem",
            entity_category="diagnostic",
        ),
    }


def _diagnostics(make: _Maker) -> dict[str, Part]:
    """They change with every announcement, and most people never look at them."""
    latency = "(value_json.latency | default({{}})).{0} | default(none)"
    quiet: Part = {"entity_category": "diagnostic", "enabled_by_default": False}
    return {
        "rtf": make(
            "sensor",
            "rtf",
            "speedometer",
            **make.of_state(f"{{{{ {latency.format('rtf')} }}}}"),
            state_class="measurement",
            suggested_display_precision=2,
            **quiet,
        ),
        "first_sound": make(
            "sensor",
            "first_sound",
            "timer-outline",
            **make.of_state(f"{{{{ {latency.format('first_sample')} }}}}"),
            device_class="duration",
            state_class="measurement",
            unit_of_measurement="s",
            suggested_display_precision=2,
            **quiet,
        ),
        "memory": make(
            "sensor",
            "memory",
            "memory",
            **make.of_state("{{ value_json.memory | default(none) }}"),
            device_class="data_size",
            state_class="measurement",
            unit_of_measurement="MiB",
            suggested_display_precision=0,
            **quiet,
        ),
        "cache_hits": make(
            "sensor",
            "cache_hits",
            "cached",
            **make.of_state("{{ value_json.cache_hits | default(none) }}"),
            state_class="total_increasing",
            **quiet,
        ),
    }


def _events(make: _Maker) -> dict[str, Part]:
    """Both come on one topic; what renders to nothing is left out by Home Assistant."""

    def event(key: str, icon: str, kind: str) -> Part:
        return make(
            *("event", key, icon),
            state_topic=make.topics.event,
            value_template=f"{{{{ value if value_json.kind == '{kind}' else '' }}}}",
            event_types=[one.value for one in EVENT_TYPES[kind]],
        )

    return {
        "event_announcement": event("event_announcement", "bullhorn-outline", "announcement"),
        "event_alarm": event("event_alarm", "alarm-bell", "alarm"),
    }


def _alarms(make: _Maker, inventory: Inventory) -> dict[str, Part]:
    topics, found = make.topics, {}
    for name, has_time in inventory.alarms:
        found[f"alarm_{name}"] = make(
            "switch",
            f"alarm_{name}",
            "alarm",
            name=name,
            state_topic=topics.alarm(name),
            value_template="{{ 'ON' if value_json.enabled else 'OFF' }}",
            command_topic=topics.set_alarm(name),
            json_attributes_topic=topics.alarm(name),
        )
        if has_time:
            found[f"alarmtime_{name}"] = make(
                "text",
                f"alarmtime_{name}",
                "clock-edit-outline",
                name=name,
                state_topic=topics.alarm(name),
                value_template="{{ value_json.time | default((value_json.once | default('')).split(' ') | last) }}",
                command_topic=topics.set_alarm(name),
                pattern=CLOCK,
                min=4,
                max=8,
            )
        found[f"alarmnow_{name}"] = make(
            "button",
            f"alarmnow_{name}",
            "alarm-bell",
            name=name,
            command_topic=topics.do("test_alarm"),
            payload_press=name,
        )
    for name in inventory.briefings:
        found[f"briefing_{name}"] = make(
            "button",
            f"briefing_{name}",
            "newspaper-variant-outline",
            name=name,
            command_topic=topics.briefing(name),
        )
    return found
