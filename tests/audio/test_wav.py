from __future__ import annotations

import errno
import re
import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile

from hayakoe_daemon.audio.sink import SinkLost
from hayakoe_daemon.audio.wav import WavSink
from tests.audio.conftest import RATE, ramp, read_wav, tone


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """What a full disk looks like to a writer."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_the_samples_as_they_are(tmp_path: Path) -> None:
    sink = WavSink(tmp_path / "new" / "folder")
    sink.begin("ramp")
    sink.write(ramp(0.2))
    sink.write(ramp(0.2, first=1 + round(0.2 * RATE)))
    sink.finish()
    (path,) = (tmp_path / "new" / "folder").iterdir()
    assert (read_wav(path) == np.arange(1, round(0.4 * RATE) + 1) + 5_000).all()


def test_too_loud_is_clipped_and_not_wrapped(tmp_path: Path) -> None:
    sink = WavSink(tmp_path)
    sink.begin("loud")
    sink.write(tone(0.1, peak=3.0))
    sink.finish()
    pcm = read_wav(next(tmp_path.glob("*.wav")))
    assert pcm.max() == 32767
    assert pcm.min() == -32767


@pytest.mark.parametrize(
    ("title", "named"),
    [("a1", "a1"), ("../../x y", "x_y"), ("", "sound"), ("お知らせ", "お知らせ"), ("x" * 999, "x" * 40)],
)
def test_names(tmp_path: Path, title: str, named: str) -> None:
    sink = WavSink(tmp_path)
    sink.begin(title)
    assert [path.suffix for path in tmp_path.iterdir()] == [".part"]
    sink.finish()
    (path,) = tmp_path.iterdir()
    assert re.fullmatch(r"\d{8}-\d{6}-\d{3}-" + named + r"\.wav", path.name)


def test_a_cancelled_round_keeps_what_was_written(tmp_path: Path) -> None:
    sink = WavSink(tmp_path)
    sink.begin("cut")
    sink.write(tone(0.2))
    sink.cancel()
    assert len(read_wav(next(tmp_path.glob("*.wav")))) == 0.2 * RATE


def test_rounds_of_the_same_moment_have_files_of_their_own(tmp_path: Path) -> None:
    sink = WavSink(tmp_path)
    for _ in range(20):
        sink.begin("same")
        sink.finish()
    assert len(list(tmp_path.glob("*.wav"))) == 20


def test_no_folder_to_be_had(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    sink = WavSink(tmp_path / "file")
    with pytest.raises(SinkLost, match="cannot be written to"):
        sink.begin("one")
    with pytest.raises(SinkLost):
        sink.write(tone(0.1))
    with pytest.raises(SinkLost):
        sink.tend()
    (tmp_path / "file").unlink()
    sink.resume()
    sink.finish()
    assert len(read_wav(next((tmp_path / "file").glob("*.wav")))) == 0.1 * RATE


@pytest.mark.parametrize("owner", [soundfile.SoundFile, Path], ids=["closed", "named"])
def test_a_file_that_cannot_be_finished_is_finished_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: type
) -> None:
    def fails(self: soundfile.SoundFile | Path, *_: object) -> None:
        if isinstance(self, soundfile.SoundFile):
            if self.closed:
                return
            close(self)
        raise OSError(errno.EIO, "Input/output error")

    close = soundfile.SoundFile.close
    sink = WavSink(tmp_path)
    sink.begin("one")
    sink.write(tone(0.2))
    monkeypatch.setattr(owner, "close" if owner is soundfile.SoundFile else "replace", fails)
    for _ in range(2):
        with pytest.raises(SinkLost, match="Input/output error"):
            sink.finish()
        sink.resume()
    monkeypatch.undo()
    sink.finish()
    (path,) = tmp_path.iterdir()
    assert (path.suffix, len(read_wav(path))) == (".wav", 0.2 * RATE)


def test_a_folder_that_vanishes_is_made_again(tmp_path: Path) -> None:
    sink = WavSink(tmp_path / "heard")
    sink.begin("one")
    shutil.rmtree(tmp_path / "heard")
    with pytest.raises(SinkLost):
        sink.finish()
    sink.begin("two")
    sink.write(tone(0.2))
    sink.finish()
    assert len(read_wav(next((tmp_path / "heard").iterdir()))) == 0.2 * RATE


def test_a_full_disk_is_told_and_survived(tmp_path: Path) -> None:
    sink = WavSink(tmp_path)
    sink.begin("full")
    with no_file_longer_than(20_000), pytest.raises(SinkLost, match="cannot be written to"):
        sink.write(tone(1.0))
    sink.resume()
    sink.finish()
    assert len(read_wav(next(tmp_path.glob("*.wav")))) == pytest.approx(RATE, abs=0.06 * RATE)
