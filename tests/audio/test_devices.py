from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hayakoe_daemon.audio import devices
from hayakoe_daemon.audio.devices import DevicesError, HwName, OutputDevice, list_devices, pick
from hayakoe_daemon.audio.player import find
from tests.fakecard import FakeCard, environment


@pytest.fixture
def asound(tmp_path: Path) -> Path:
    """/proc/asound of a house with two cards."""
    for number, name in ((0, "vc4hdmi"), (2, "Device")):
        (tmp_path / f"card{number}").mkdir()
        (tmp_path / f"card{number}" / "id").write_text(f"{name}\n")
        (tmp_path / name).symlink_to(f"card{number}")
    return tmp_path


def test_what_alsa_offers(tmp_path: Path) -> None:
    cards = [FakeCard(tmp_path, name="kitchen"), FakeCard(tmp_path, name="hall", rate=44_100)]
    listed = list_devices(environment=environment(cards))
    assert [device.name for device in listed] == ["kitchen", "kitchen_any", "hall", "hall_any"]
    assert pick(listed, "hall") == listed[2]
    assert pick(listed, "cellar") is None
    assert listed[0].spec == "kitchen"
    assert listed[0].channels > 0


def test_a_hung_sound_system_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "player_command", lambda *_: [sys.executable, "-c", "import time; time.sleep(60)"])
    with pytest.raises(DevicesError, match="did not answer"):
        list_devices(timeout=0.3)


def test_a_broken_sound_system_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "player_command", lambda *_: [sys.executable, "-c", "raise OSError('no library')"])
    with pytest.raises(DevicesError, match="no library"):
        list_devices()


def test_cards_go_by_their_stable_name(asound: Path) -> None:
    assert HwName.parse("hw:CARD=Device,DEV=1") == HwName("Device", 1)
    assert HwName.parse("hw:CARD=Device") == HwName("Device", 0)
    assert HwName.parse("default") is None
    assert HwName("Device", 1).numbered(asound) == "hw:2,1"
    assert HwName("Gone", 0).numbered(asound) is None
    entry = OutputDevice("USB Audio: - (hw:2,0)", None, 2, 44_100, is_default=False)
    assert pick([entry], "hw:CARD=Device,DEV=0", proc_asound=asound) is entry
    assert pick([entry], "hw:CARD=Device,DEV=1", proc_asound=asound) is None
    assert pick([entry], "hw:CARD=vc4hdmi,DEV=0", proc_asound=asound) is None
    assert devices._stable(entry.name, asound) == "hw:CARD=Device,DEV=0"
    assert devices._stable("default", asound) is None


def test_a_busy_card_is_shown(asound: Path, tmp_path: Path) -> None:
    """PortAudio leaves it out, and it may well be the daemon itself that plays on it."""
    (asound / "pcm").write_text(
        "00-00: MAI PCM i2s-hifi-0 : MAI PCM i2s-hifi-0 : playback 1\n"
        "02-00: USB Audio : USB Audio : playback 1 : capture 1\n02-01: USB Mic : USB Mic : capture 1\n"
    )
    listed = list_devices(environment=FakeCard(tmp_path, name="kitchen").env, proc_asound=asound)
    busy = [device for device in listed if device.is_busy]
    assert [device.spec for device in busy] == ["hw:CARD=vc4hdmi,DEV=0", "hw:CARD=Device,DEV=0"]
    assert pick(listed, "hw:CARD=Device,DEV=0", proc_asound=asound) == busy[1]


class FakeList:
    """The two calls of sounddevice that finding an entry needs."""

    def __init__(self, *names: str, default: int = 0) -> None:
        self.entries = [{"index": i, "name": name, "max_output_channels": 2} for i, name in enumerate(names)]
        self.default = type("default", (), {"device": (-1, default)})

    def query_devices(self) -> list[dict[str, object]]:
        return self.entries


def test_the_player_finds_the_entry() -> None:
    listed = FakeList("HDMI: 0 (hw:0,0)", "USB: Audio (hw:2,0)", "USB: Audio (hw:20,0)", "dmix", "default")

    def found(name: str | None = None, hw: str | None = None) -> object:
        entry = find(listed, {"name": name, "hw": hw})
        return entry and entry["name"]

    assert found(hw="hw:2,0") == "USB: Audio (hw:2,0)"
    assert found(hw="hw:1,0") is None
    assert found("dmix") == "dmix"
    assert found("dmi") is None
    assert found() == "default"
    assert find(FakeList("a", "b", default=1), {"name": None, "hw": None}) == {
        "index": 1, "name": "b", "max_output_channels": 2,
    }  # fmt: skip
    assert find(FakeList(default=-1), {"name": None, "hw": None}) is None
