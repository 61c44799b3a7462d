from __future__ import annotations

from pathlib import Path

from hayakoe_daemon.config import Audio, Config, Control, Mqtt, needs_restart


def test_what_a_reload_cannot_change_is_named() -> None:
    new = Config(
        node="x",
        base_topic="y",
        state_dir=Path("/z"),
        control=Control(socket=Path("/s"), group="audio"),
        log_level="debug",
    )

    assert needs_restart(Config(), new) == ("node", "base_topic", "state_dir", "control.socket", "control.group")


def test_everything_else_is_live() -> None:
    assert needs_restart(Config(), Config(title="t", mqtt=Mqtt(port=1), audio=Audio(volume=3))) == ()
