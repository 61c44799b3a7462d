from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from hayakoe_daemon.audio.chunk import Samples
from hayakoe_daemon.voice import pitch
from hayakoe_daemon.voice.engine import Manner

RATE = 24_000


needs_pyworld = pytest.mark.skipif(not pitch.available(), reason="pyworld is not installed (the extra pitch)")


def test_what_is_installed_and_cannot_be_imported_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As pyworld alone on Python 3.12: each sentence failed, and the embedded voice said it."""
    (tmp_path / "pyworld.py").write_text("import no_such_module_as_pkg_resources\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "pyworld", raising=False)

    assert not pitch.available()


def test_what_it_takes_is_named_in_the_reference() -> None:
    root = Path(__file__).parents[2]
    extra = tomllib.loads((root / "pyproject.toml").read_text())["project"]["optional-dependencies"]["pitch"]
    words = " ".join(f"'{one}'" for one in extra)

    assert words in " ".join((root / "deploy/REFERENCE.md").read_text().split())


def voice(hertz: float, seconds: float = 0.6) -> Samples:
    """A buzz of that pitch which rises by a tenth, as a voice has it: many harmonics."""
    phase = np.cumsum(hertz * np.linspace(0.95, 1.05, round(seconds * RATE)) / RATE)
    return sum(np.sin(2 * np.pi * n * phase) / n for n in range(1, 12)).astype(np.float32) * np.float32(0.2)  # type: ignore[union-attr]


def melody(samples: Samples) -> tuple[float, float]:
    """Mean and spread of the pitch, in Hz."""
    import pyworld  # noqa: PLC0415, it may be missing

    found, _ = pyworld.harvest(samples.astype(np.float64), RATE)
    found = found[len(found) // 5 : -len(found) // 5]
    found = found[found > 0]
    return float(found.mean()), float(np.ptp(found))


@pytest.mark.parametrize("manner", [Manner(), Manner(pitch_scale=1.0, intonation_scale=1.0)])
def test_the_voices_own_pitch_is_left_alone(manner: Manner) -> None:
    assert not pitch.asked(manner)


@needs_pyworld
def test_higher() -> None:
    plain = voice(200)
    higher = pitch.changed(plain, RATE, Manner(pitch_scale=1.2))
    assert higher.shape == plain.shape
    assert higher.dtype == np.float32
    assert melody(higher)[0] == pytest.approx(240, rel=0.03)


@needs_pyworld
@pytest.mark.parametrize("intonation", [0.0, 2.0])
def test_flatter_and_livelier(intonation: float) -> None:
    plain = voice(200)
    changed = melody(pitch.changed(plain, RATE, Manner(intonation_scale=intonation)))
    assert changed[0] == pytest.approx(200, rel=0.03)
    assert changed[1] == pytest.approx(intonation * melody(plain)[1], abs=4)


@needs_pyworld
def test_another_sentence_may_be_spoken_meanwhile() -> None:
    manner, samples = Manner(pitch_scale=1.2), voice(150.0, 2.0)
    *breaths, made = pitch.changed_beside(samples, RATE, manner)
    assert len(breaths) >= 1
    assert not any(len(one) for one in breaths)
    assert np.array_equal(made, pitch.changed(samples, RATE, manner))


def test_what_goes_wrong_is_told_to_whoever_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> Samples:
        raise MemoryError

    monkeypatch.setattr(pitch, "changed", fails)
    with pytest.raises(MemoryError):
        list(pitch.changed_beside(voice(150.0), RATE, Manner(pitch_scale=1.2)))


@needs_pyworld
def test_silence_stays_silence() -> None:
    assert np.abs(pitch.changed(np.zeros(RATE, np.float32), RATE, Manner(pitch_scale=1.2))).max() < 1e-3
