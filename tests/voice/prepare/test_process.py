"""The child: niced, heard while it works, gone when it is told to, when it is killed, and when its parent is gone."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from hayakoe_daemon.voice.prepare.errors import PreparationError
from hayakoe_daemon.voice.prepare.job import (
    BertJob,
    Done,
    Failed,
    Job,
    Note,
    QuantizeJob,
    Remark,
    Step,
    job_from,
    job_line,
    note_from,
    note_line,
)
from hayakoe_daemon.voice.prepare.look_up import prepared_voice
from hayakoe_daemon.voice.prepare.prepared import Part
from hayakoe_daemon.voice.prepare.process import Preparation
from hayakoe_daemon.voice.prepare.quantize_kind import Kind
from tests.support.waiting import wait_for
from tests.voice.prepare import bert_exports, tiny

PATIENCE = 120.0

Begin = Callable[[Job], Preparation]


def first_step(work: Preparation) -> None:
    wait_for(lambda: any(isinstance(note, Step) for note in work.poll(0.1)), PATIENCE)


@pytest.fixture
def begun() -> Iterator[Begin]:
    """Starts a preparation, which is ended with the test, however that ends: else its pipes are open until later."""
    with ExitStack() as all_of_them:

        def begin(job: Job) -> Preparation:
            work = Preparation(job)
            all_of_them.callback(work.cancel)
            work.start()
            return work

        yield begin


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except FileNotFoundError:
        return True


@pytest.mark.parametrize("note", [Step("a", 1, 2), Remark("日本\n"), Done("/a", 1.5, 7), Failed("why", 3)])
def test_a_note_arrives_as_it_was_sent(note: Note) -> None:
    line = note_line(note)
    assert "\n" not in line
    assert note_from(line) == note


@pytest.mark.parametrize("line", ["", "[]", "3", "{}", '{"note": "step"}', '{"note": "other"}', "warning: x"])
def test_what_a_library_prints_is_no_note(line: str) -> None:
    assert note_from(line) is None


def test_a_job_arrives_as_it_was_sent(tmp_path: Path) -> None:
    job = tiny.job(tmp_path)
    for one in (
        job,
        dataclasses.replace(job, bert=tmp_path, tokenizer=tmp_path),
        BertJob(tmp_path, tmp_path, tmp_path),
    ):
        assert job_from(job_line(one)) == one


def test_the_other_export_prepared_by_a_child(tmp_path: Path, begun: Begin) -> None:
    job = tiny.job(tmp_path / "root", "sbv2")
    work = begun(job)
    assert work.running
    assert work.pid is not None
    notes = list(work.poll(PATIENCE))
    assert os.getpriority(os.PRIO_PROCESS, work.pid) >= min(os.getpriority(os.PRIO_PROCESS, 0) + 10, 19)
    while work.running:
        notes.extend(work.poll(PATIENCE))
    steps = [note for note in notes if isinstance(note, Step)]
    assert [step.done for step in steps] == list(range(7))
    assert work.done == notes[-1]
    assert isinstance(work.done, Done)
    assert 50_000_000 < work.done.peak < 2_000_000_000
    voice = prepared_voice(job)
    assert voice is not None
    assert str(voice.folder) == work.done.folder
    assert Part.DECODER_A in voice.parts
    assert any("within" in note.text for note in notes if isinstance(note, Remark))


def test_cancelled_it_is_gone_at_once_and_nothing_is_prepared(tmp_path: Path, begun: Begin) -> None:
    job = tiny.job(tmp_path)
    work = begun(job)
    first_step(work)
    assert work.pid is not None
    work.cancel()
    assert gone(work.pid)
    assert not work.running
    assert work.poll(1.0) == []
    assert prepared_voice(job) is None
    work.cancel()


def test_killed_it_says_that_memory_may_have_run_out(tmp_path: Path, begun: Begin) -> None:
    work = begun(tiny.job(tmp_path))
    first_step(work)
    assert work.pid is not None
    os.kill(work.pid, signal.SIGKILL)
    with pytest.raises(PreparationError, match="most likely because memory ran out"):
        work.wait(PATIENCE)
    assert not work.running


def test_whoever_waits_waits_for_its_end_and_nothing_stays_open(tmp_path: Path, begun: Begin) -> None:
    work = begun(QuantizeJob(bert_exports.FP32, tmp_path / "q8.onnx", Kind.Q8))
    assert work.pid is not None
    assert work.wait(PATIENCE) == work.done
    assert not work.running
    assert gone(work.pid)
    assert work._complaints.closed


def test_why_it_failed_is_what_the_child_said(tmp_path: Path, begun: Begin) -> None:
    missing = tmp_path / "gone.onnx"
    work = begun(dataclasses.replace(tiny.job(tmp_path), graph=missing))
    with pytest.raises(PreparationError, match=r"No such file.*gone\.onnx"):
        work.wait(PATIENCE)


def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    """The parent is killed, and tells nobody anything."""
    code = (
        "import sys, time\n"
        "from hayakoe_daemon.voice.prepare.job import job_from\n"
        "from hayakoe_daemon.voice.prepare.process import Preparation\n"
        "work = Preparation(job_from(sys.stdin.readline()))\n"
        "work.start()\n"
        "print(work.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert parent.stdin is not None
    assert parent.stdout is not None
    with parent, parent.stdin, parent.stdout:
        parent.stdin.write(f"{job_line(tiny.job(tmp_path))}\n")
        parent.stdin.flush()
        child = int(parent.stdout.readline())
        assert not gone(child)
        parent.kill()
        parent.wait()
        wait_for(lambda: gone(child), PATIENCE)


def test_the_parent_needs_neither_onnx_nor_onnxruntime() -> None:
    code = (
        "import sys, hayakoe_daemon.voice.prepare.process, hayakoe_daemon.voice.prepare.look_up\n"
        "print('onnx' in sys.modules, 'onnxruntime' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.split() == ["False", "False"]
