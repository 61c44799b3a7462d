from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from hayakoe_daemon.voice import sessions
from hayakoe_daemon.voice.engine import EngineError
from hayakoe_daemon.voice.store.files import VoiceError
from tests.support import voices


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(VoiceError, match=r"gone\.onnx: there is no such file; expected an ONNX graph"):
        sessions.load(tmp_path / "gone.onnx")


@pytest.mark.parametrize("content", [b"", b"<html>404</html>", b"\x08\x08" + bytes(1000)])
def test_a_file_that_is_no_graph_is_named_with_its_size(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "voice.onnx"
    file.write_bytes(content)
    with pytest.raises(VoiceError, match=rf"voice\.onnx: found {len(content)} bytes .* fetch the file again"):
        sessions.load(file)


def test_a_truncated_file_is_named(tmp_path: Path) -> None:
    file = voices.put("synthesizer.onnx", tmp_path / "synthesizer.onnx")
    voices.truncate(file)
    with pytest.raises(VoiceError, match="expected a whole ONNX graph"):
        sessions.load(file)


def test_what_the_makers_wrote_into_the_file_comes_with_it(tmp_path: Path) -> None:
    graph = sessions.load(voices.aivmx_file(tmp_path / "a.aivmx", "a"))
    assert {"aivm_manifest", "aivm_hyper_parameters", "aivm_style_vectors"} <= set(graph.metadata)


def test_what_fails_while_it_runs_is_an_engine_error_in_one_line() -> None:
    graph = sessions.load(voices.tiny() / "bert.onnx")
    with pytest.raises(EngineError, match=r"^bert\.onnx cannot be computed: .*") as failed:
        graph.run({"input_ids": np.zeros((1, 2, 3), np.int64), "attention_mask": np.ones((1, 2), np.int64)}, ["hidden"])
    assert "\n" not in str(failed.value)


def test_a_closed_graph_says_so() -> None:
    graph = sessions.load(voices.tiny() / "bert.onnx")
    graph.close()
    with pytest.raises(EngineError, match=r"bert\.onnx is closed"):
        graph.run({}, ["hidden"])


def test_nothing_spins_once_it_was_computed() -> None:
    graph = sessions.load(voices.tiny() / "bert.onnx", threads=2)
    ids = np.full((1, 200), 20, np.int64)
    for _ in range(3):
        graph.run({"input_ids": ids, "attention_mask": np.ones_like(ids)}, ["hidden"])
    used = _cpu_seconds()
    time.sleep(1.0)
    assert _cpu_seconds() - used < 0.05


@pytest.mark.parametrize(
    ("what", "told"),
    [("run", "EngineError: quick_synthesizer.onnx cannot be computed"), ("load", "VoiceError: /")],
)
def test_where_memory_runs_out_that_is_the_reason(what: str, told: str) -> None:
    """A process of its own, which may have little more memory than it has when the work begins."""
    code = f"""
import resource, sys
import numpy as np
from hayakoe_daemon.voice import sessions
from tests.support import voices
path = voices.tiny() / "quick_synthesizer.onnx"
graph = sessions.load(path, threads=1)
x = np.ones((1, 60_000), np.int64)
feeds = {{port.name: port.takes(np.zeros([size or 1 for size in port.shape])) for port in graph.inputs}} | {{"x": x}}
pages = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (pages + 30_000_000, -1))
try:
    np.empty(200_000_000, np.uint8)
    sys.exit("no limit")
except MemoryError:
    pass
try:
    if "{what}" == "run":
        graph.run(feeds, ["audio"])  # 490 MB of sound
    else:
        sessions.load(voices.tiny() / "synthesizer.onnx", threads=1)
except Exception as error:
    sys.exit(f"{{type(error).__name__}}: {{error}}")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=os.environ)
    if done.stderr.strip() == "no limit":
        pytest.skip("RLIMIT_AS is not kept here: qemu passes it over")
    assert done.stderr.splitlines()[-1].startswith(told), done.stderr
    assert done.stderr.strip().endswith("there is not enough memory")


@pytest.mark.parametrize("give_back", [True, False])
def test_what_a_run_took_is_given_back_where_asked(give_back: bool) -> None:
    """But for the output, which is still needed at that moment: here 98 MB, as much as what it was computed from."""
    graph = sessions.load(voices.tiny() / "quick_synthesizer.onnx", threads=1)
    feeds = {port.name: port.takes(np.zeros([size or 1 for size in port.shape or ()])) for port in graph.inputs}
    graph.run(feeds, ["audio"])
    feeds["x"] = np.ones((1, 12_000), np.int64)
    before = _resident()
    graph.run(feeds, ["audio"], give_back=give_back)
    assert (_resident() - before < 150_000_000) == give_back


def test_what_few_voices_need_is_loaded_for_them_only() -> None:
    code = (
        "import sys, hayakoe_daemon.voice.neural, hayakoe_daemon.voice.bert, hayakoe_daemon.voice.vits;"
        "sys.exit(' '.join({'onnx', 'pyworld'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=os.environ)
    assert done.stderr.strip() == ""


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()


def test_what_nobody_holds_any_more_gives_its_memory_back(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = sessions.load(voices.tiny() / "quick_synthesizer.onnx")
    trims: list[None] = []
    monkeypatch.setattr(sessions, "trim", lambda: trims.append(None))
    del graph
    assert len(trims) == 1
