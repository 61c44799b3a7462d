"""A sound card that plays in real time, fails on demand, and remembers what was heard and when.

It is an ALSA plugin (pcm_fakecard.c), compiled at first use: no hardware, no kernel module, no root. Its PCMs are
`fakehw` (raw: int16, one rate), `fake` (converting) and, beside them, `capture` (instant, a WAV file).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

_SOURCE = Path(__file__).with_name("pcm_fakecard.c")


def build() -> Path:
    """The compiled plugin, kept in the system's temporary folder under the hash of its source."""
    digest = sha256(_SOURCE.read_bytes()).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"hayakoe-fakecard-{os.getuid()}"
    library = folder / f"libasound_module_pcm_fakecard-{digest}.so"
    if library.exists():
        return library
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("gcc is not installed: the fake sound card cannot be built")
    folder.mkdir(mode=0o700, exist_ok=True)
    new = folder / f"{library.name}.{os.getpid()}"
    built = subprocess.run(
        [compiler, "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-DPIC", "-o", new, _SOURCE, "-lasound"],
        capture_output=True,
        text=True,
        check=False,
    )
    if built.returncode:
        if "alsa/asoundlib.h" in built.stderr:
            pytest.skip("the ALSA headers (libasound2-dev) are not installed: the fake sound card cannot be built")
        raise RuntimeError(built.stderr)
    new.replace(library)  # a library in use is replaced, not overwritten
    return library


class FakeCard:
    """One fake card with its control folder `folder`; more of them can share a configuration, see `environment`.

    `speed` 1.0 is real time, 0 takes everything at once.
    """

    def __init__(
        self, folder: Path, *, name: str = "fakehw", rate: int = 48000, channels: int = 1, speed: float = 1.0
    ) -> None:
        self.folder = folder / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.rate = rate
        self.channels = channels
        self.asoundrc = folder / f"{name}.asoundrc"
        self.definition = (
            f'pcm_type.fakecard {{ lib "{build()}" }}\n'
            f'pcm.{name} {{ type fakecard dir "{self.folder}" rate {rate} channels {channels} speed {speed}\n'
            '    hint { show on description "fake card, raw" } }\n'
            f"pcm.{name}_any {{ type plug slave.pcm {name}\n"
            '    hint { show on description "fake card, converting" } }\n'
        )
        self.asoundrc.write_text(f"</usr/share/alsa/alsa.conf>\n{self.definition}")

    @property
    def env(self) -> dict[str, str]:
        """The environment for a program that is to find this card and no other."""
        return {**os.environ, "ALSA_CONFIG_PATH": str(self.asoundrc)}

    def fault(self, name: str) -> None:
        """`busy`, `gone` (unplugged), `stall` (the clock stands still) or `xrun` (one underrun)."""
        (self.folder / name).touch()

    def mend(self, name: str) -> None:
        (self.folder / name).unlink(missing_ok=True)

    def heard(self) -> npt.NDArray[np.int16]:
        """Every sample that was heard so far, shape (frames,), or (frames, channels) where there are several."""
        path = self.folder / "out.raw"
        pcm = np.fromfile(path, "<i2") if path.exists() else np.zeros(0, np.int16)
        pcm = pcm[: len(pcm) // self.channels * self.channels]
        return pcm if self.channels == 1 else pcm.reshape(-1, self.channels)

    def when(self, frame: int) -> float:
        """time.monotonic() at which that frame (its place in `heard`) was heard."""
        times, frames = self._log()
        after = int(np.searchsorted(frames, frame, side="right"))
        if after == len(frames):
            raise ValueError(f"frame {frame} was not heard: there are {frames[-1] if len(frames) else 0}")
        early = int(frames[after] - frame)
        return float(times[after] - early / self.rate)

    def frame_at(self, moment: float) -> int:
        """The number of frames heard by that time.monotonic(), as `heard()[frame:]` wants it."""
        times, frames = self._log()
        after = int(np.searchsorted(times, moment, side="right"))
        if after == len(times):
            return int(frames[-1]) if len(frames) else 0
        before = int(frames[after - 1]) if after else 0
        return max(before, int(frames[after]) - round(float(times[after] - moment) * self.rate))

    def _log(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.uint64]]:
        path = self.folder / "when.log"
        if not path.exists():
            return np.zeros(0), np.zeros(0, np.uint64)
        records = np.fromfile(path, np.dtype([("when", "<f8"), ("frames", "<u8")]))
        return records["when"], records["frames"]


def environment(cards: Sequence[FakeCard], base: Mapping[str, str] | None = None) -> dict[str, str]:
    """An environment with all of these cards in one ALSA configuration, written beside the first."""
    asoundrc = cards[0].asoundrc.with_name("cards.asoundrc")
    asoundrc.write_text("</usr/share/alsa/alsa.conf>\n" + "".join(card.definition for card in cards))
    return {**(os.environ if base is None else base), "ALSA_CONFIG_PATH": str(asoundrc)}


def instant_capture(folder: Path, *, rate: int = 48000) -> tuple[dict[str, str], Path]:
    """An environment with the PCM `capture`, which takes everything at once, and the WAV file it writes."""
    wav, asoundrc = folder / "capture.wav", folder / "capture.asoundrc"
    asoundrc.write_text(
        "</usr/share/alsa/alsa.conf>\n"
        f'pcm.capture_wav {{ type file slave.pcm {{ type null }} file "{wav}" format "wav" }}\n'
        f"pcm.capture {{ type plug slave {{ pcm capture_wav format S16_LE rate {rate} channels 1 }}\n"
        '    hint { show on description "instant capture" } }\n'
    )
    return {**os.environ, "ALSA_CONFIG_PATH": str(asoundrc)}, wav
