from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from hayakoe_daemon.audio.level import TARGET, loudness
from hayakoe_daemon.audio.sounds import SoundError, load_sound
from tests.audio.conftest import tone


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    home = tmp_path / "sounds"
    (home / "doors").mkdir(parents=True)
    bell = tone(0.5, rate=44_100).samples
    soundfile.write(home / "bell.wav", bell, 44_100)
    soundfile.write(home / "doors" / "front.flac", np.stack([bell, 0 * bell], axis=1), 44_100)
    (home / "letter.txt").write_text("not a sound")
    soundfile.write(tmp_path / "secret.wav", bell, 44_100)
    (home / "inside.wav").symlink_to(home / "bell.wav")
    (home / "outside.wav").symlink_to(tmp_path / "secret.wav")
    (home / "loop.wav").symlink_to(home / "loop.wav")
    return home


@pytest.mark.parametrize("name", ["bell.wav", "doors/front.flac", "inside.wav"])
def test_sounds_are_mono_and_even(folder: Path, name: str) -> None:
    sound = load_sound(folder, name)
    assert sound.sample_rate == 44_100
    assert sound.seconds == 0.5
    assert loudness(sound) == pytest.approx(TARGET, abs=0.1)


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../secret.wav", "doors/../../secret.wav", "/etc/passwd", "outside.wav", "loop.wav", "nothing.wav",
     "doors", "letter.txt", "bell.wav\0", "a\\b", "x" * 5000, "\ud800"],
)  # fmt: skip
def test_anything_else_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(SoundError):
        load_sound(folder, name)


def test_too_long(folder: Path) -> None:
    with pytest.raises(SoundError, match=r"lasts 0 s; at most 0\.1 s"):
        load_sound(folder, "bell.wav", longest=0.1)


def test_not_finite(folder: Path) -> None:
    soundfile.write(folder / "nan.wav", np.full(100, np.nan, np.float32), 8000, subtype="FLOAT")
    with pytest.raises(SoundError, match="damaged"):
        load_sound(folder, "nan.wav")


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(SoundError, match="does not exist"):
        load_sound(tmp_path / "nowhere", "bell.wav")


def test_a_rate_that_is_none(folder: Path) -> None:
    soundfile.write(folder / "slow.wav", np.zeros(3, np.float32), 1)
    with pytest.raises(SoundError, match="rate of 1 Hz"):
        load_sound(folder, "slow.wav")
