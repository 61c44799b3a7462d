"""`hayakoe-daemon voices`, as a person uses it."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from hayakoe_daemon.cli.main import main
from tests.support import voice_files as make
from tests.support.file_server import Fault, FileServer
from tests.support.voices import hayakoe_source
from tests.support.waiting import wait_for

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def voices(tmp_path: Path) -> Path:
    return tmp_path / "state/voices"


@pytest.fixture
def run(tmp_path: Path, voices: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """`voices ARGUMENTS`: exit status, stdout, stderr."""
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump({"state_dir": str(tmp_path / "state"), "voices": {"dir": str(voices)}}))

    def run(*arguments: object) -> tuple[int, str, str]:
        status = main(["voices", "--config", str(config), *map(str, arguments)])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FileServer]:
    (tmp_path / "served").mkdir()
    with FileServer(tmp_path / "served") as server:
        yield server


def test_a_whole_source_is_added_listed_and_removed(tmp_path: Path, run: Run, voices: Path) -> None:
    assert "There are no voices yet but the embedded one" in run("list")[1]
    status, out, err = run("add", make.hayakoe_source(tmp_path / "source", "miku", "rin"))
    assert status == 0
    assert f"miku is in {voices}/miku: Neutral, Happy, Sad" in out
    assert "A running daemon picks it up within seconds" in out
    assert "rin, " in err
    _, out, _ = run("list", "--verify")
    assert [line.split("  ")[:2] for line in out.splitlines()[:4:2]] == [["miku", "hayakoe"], ["rin", "hayakoe"]]
    assert out.splitlines()[4].startswith("BERT: bert_q8.onnx")
    assert run("remove", "rin")[0] == 0
    assert run("remove", "rin") == (1, "", f'hayakoe-daemon: there is no voice "rin" in {voices}\n')
    assert [one["name"] for one in listed(run)["voices"]] == ["miku"]


def listed(run: Run) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(run("list", "--json")[1])
    return document


def test_a_voice_without_a_bert_says_so_until_there_is_one(tmp_path: Path, run: Run) -> None:
    assert "There is no BERT yet" in run("add", make.sbv2_voice(tmp_path / "miku"))[1]
    assert "There is no BERT yet" in run("list")[1]
    assert listed(run)["bert"] is None
    status, out, _ = run("add", "--bert", make.bert_folder(tmp_path / "bert"))
    assert (status, "There is no BERT yet" in out) == (0, False)
    assert listed(run)["bert"]["model"] == "model.onnx"
    assert "There is no BERT yet" not in run("list")[1]


def test_a_bert_that_is_there_stays_when_a_source_brings_another(tmp_path: Path, run: Run) -> None:
    voice, bert = make.sbv2_voice(tmp_path / "miku"), make.bert_folder(tmp_path / "bert")
    assert run("add", voice, "--bert", bert)[0] == 0
    assert run("add", make.hayakoe_source(tmp_path / "source", "rin"))[0] == 0
    assert listed(run)["bert"]["model"] == "model.onnx"
    assert run("add", "--bert", tmp_path / "source")[0] == 0
    assert listed(run)["bert"]["model"] == "bert_q8.onnx"


def test_the_json_of_a_voice(tmp_path: Path, run: Run, voices: Path) -> None:
    file = make.aivmx_voice(tmp_path / "miku.aivmx")
    status, out, _ = run("add", file)
    assert (status, "its licence: CC BY 4.0" in out) == (0, True)
    document = listed(run)
    assert document["folder"] == str(voices)
    (one,) = document["voices"]
    assert one.pop("added")
    assert one == {
        "name": "miku",
        "layout": "aivmx",
        "size": file.stat().st_size,
        "styles": ["ノーマル", "Happy", "Sad"],
        "speakers": ["みく"],
        "version": "2.7.0-JP-Extra",
        "source": str(file),
        "licence": "CC BY 4.0\nKeep to it.",
        "problem": None,
        "prepared": None,
    }


def test_a_voice_that_needs_a_name(tmp_path: Path, run: Run) -> None:
    file = make.aivmx_voice(tmp_path / "声.aivmx")
    status, _, err = run("add", file)
    assert status == 1
    assert 'this voice is called "声", messages need a name of a-z, 0-9, _ and -: add --name NAME' in err
    assert run("add", file, "--name", "koe")[0] == 0
    assert "there is a voice" in run("add", file, "--name", "koe")[2]
    assert run("add", file, "--name", "koe", "--replace")[0] == 0
    assert "is not a name for a voice" in run("add", file, "--name", "Koe")[2]
    source = make.hayakoe_source(tmp_path / "source", "miku", "rin")
    assert "holds several voices (miku, rin)" in run("add", source, "--name", "len")[2]


def test_nothing_is_added_when_a_part_is_broken(tmp_path: Path, run: Run) -> None:
    source = make.hayakoe_source(tmp_path / "source", "miku", "rin")
    (source / "onnx/speakers/rin/config.json").unlink()
    status, _, err = run("add", source)
    assert status == 1
    assert "rin/config.json is missing" in err
    assert "Nothing was added." in err
    assert listed(run)["voices"] == []
    assert run("add", source / "onnx/speakers/miku")[0] == 0


def test_a_broken_bert_of_a_source_counts_only_where_there_is_none(tmp_path: Path, run: Run) -> None:
    source = make.hayakoe_source(tmp_path / "source", "miku")
    (source / "bert/tokenizer/vocab.txt").unlink()
    assert "vocab.txt" in run("check", source)[2]
    assert "vocab.txt" in run("add", source)[2]
    assert run("add", "--bert", make.bert_folder(tmp_path / "bert"))[0] == 0
    assert run("add", source)[0] == 0


def test_what_is_no_voice(tmp_path: Path, run: Run) -> None:
    assert "holds a BERT and no voice" in run("add", make.bert_folder(tmp_path / "bert"))[2]
    (tmp_path / "empty").mkdir()
    assert "holds no voice: expected" in run("add", tmp_path / "empty")[2]
    assert "name a voice to add" in run("add")[2]
    assert "cannot read" in run("add", tmp_path / "nowhere")[2]
    assert "there is no " in run("add", "--bert", tmp_path / "nowhere")[2]


def test_what_may_not_be_looked_into_is_told(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make.sbv2_voice(tmp_path / "miku")
    make.forbid(folder, monkeypatch)
    status, _, err = run("check", folder)
    assert status == 1
    assert err.startswith(f"hayakoe-daemon: cannot read {folder}")
    assert "Permission denied" in err


def test_check(tmp_path: Path, run: Run, voices: Path) -> None:
    source = make.hayakoe_source(tmp_path / "source", "miku", bert=None)
    status, out, _ = run("check", source)
    assert status == 0
    for words in (
        "miku: layout hayakoe",
        "2.7.0-JP-Extra",
        "44100 Hz",
        "styles: Neutral",
        "speakers: miku",
        "no BERT",
    ):
        assert words in out
    (source / "onnx/speakers/miku/style_vectors.npy").write_bytes(b"")
    status, out, err = run("check", source)
    assert (status, "style_vectors.npy is not a complete NumPy file" in err) == (1, True)
    make.hayakoe_source(tmp_path / "other", "rin")
    assert "BERT: " in run("check", tmp_path / "other")[1]
    run("add", tmp_path / "other")
    assert run("check", "rin")[0] == 0
    graph = voices / "rin/synthesizer.onnx"
    content = bytearray(graph.read_bytes())
    content[-5000] ^= 1
    graph.write_bytes(content)
    assert "is not what was added" in run("check", "rin")[2]


def test_a_voice_that_is_not_whole_is_told(tmp_path: Path, run: Run, voices: Path) -> None:
    run("add", make.hayakoe_source(tmp_path / "source", "miku", "rin"))
    os.truncate(voices / "rin/synthesizer.onnx", 1000)
    status, out, err = run("list")
    assert (status, "rin cannot be used: " in err, "miku  hayakoe" in out) == (1, True, True)
    assert out.count("not prepared") == 1, "miku alone: rin has to be whole first"
    assert [one["problem"] is None for one in listed(run)["voices"]] == [True, False]


def test_from_the_web(server: FileServer, run: Run) -> None:
    make.aivmx_voice(server.folder / "miku.aivmx")
    make.bert_folder(server.folder / "bert")
    url = f"{server.url}miku.aivmx"
    server.faults["miku.aivmx"] = [Fault(cut_after=50_000), Fault(status=403)]
    assert "403" in run("add", url)[2]
    assert listed(run)["unfinished"] == [{"source": url, "size": 50_000}]
    assert f"unfinished: {url}, 50.0 kB are here" in run("list")[1]
    status, _, err = run("add", url, "--bert", f"{server.url}bert/model.onnx")
    assert status == 0
    assert "50.0 kB of it are here already" in err
    assert [one["source"] for one in listed(run)["voices"]] == [url]
    assert listed(run)["unfinished"] == []
    server.requests.clear()
    assert "there is a voice" in run("add", url)[2]
    assert not server.requests
    server.closing.set()
    assert run("list", "--verify")[0] == 0


def test_a_truncated_download_is_not_added(server: FileServer, run: Run) -> None:
    make.aivmx_voice(server.folder / "miku.aivmx")
    server.always["miku.aivmx"] = Fault(longer_by=-3000)
    status, _, err = run("add", f"{server.url}miku.aivmx")
    assert (status, "is not a complete ONNX file" in err) == (1, True)
    assert listed(run)["voices"] == []


def test_an_unfinished_download_can_be_given_up(server: FileServer, run: Run) -> None:
    url = f"{server.url}miku.aivmx"
    make.aivmx_voice(server.folder / "miku.aivmx")
    server.faults["miku.aivmx"] = [Fault(cut_after=50_000), Fault(status=403)]
    run("add", url)
    assert run("remove", url)[0] == 0
    assert listed(run)["unfinished"] == []
    assert "no download" in run("remove", url)[2]


def test_killed_in_the_middle_and_again(server: FileServer, tmp_path: Path, run: Run, voices: Path) -> None:
    make.aivmx_voice(server.folder / "miku.aivmx", weights=500_000)
    server.faults["miku.aivmx"] = [Fault(hang_after=1_500_000)]
    url = f"{server.url}miku.aivmx"
    arguments = ["voices", "--config", str(tmp_path / "config.yaml"), "add", url]
    process = subprocess.Popen([sys.executable, "-m", "hayakoe_daemon", *arguments], stdout=subprocess.DEVNULL)
    came = wait_for(lambda: [one for one in voices.rglob("miku.aivmx") if one.stat().st_size >= 1_400_000], 30)
    process.send_signal(signal.SIGKILL)
    process.wait()

    document = listed(run)
    assert document["voices"] == []
    assert document["unfinished"] == [{"source": url, "size": came[0].stat().st_size}]
    server.requests.clear()
    assert run("add", url)[0] == 0
    assert [request.status for request in server.requests] == [206]
    assert int(server.requests[0].headers["range"].removeprefix("bytes=").removesuffix("-")) >= 1_400_000
    assert run("list", "--verify")[1].startswith("miku  aivmx")


@pytest.fixture
def hub(server: FileServer, monkeypatch: pytest.MonkeyPatch) -> FileServer:
    """The part of huggingface.co that is asked: one repository, me/voices, with a tag."""
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "ENDPOINT", server.url.rstrip("/"))
    template = constants.HUGGINGFACE_CO_URL_TEMPLATE.partition("{repo_id}")
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", server.url + template[1] + template[2])
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    commit = "0123456789abcdef0123456789abcdef01234567"
    make.hayakoe_source(server.folder / f"me/voices/resolve/{commit}", "miku", "rin")
    root = server.folder / f"me/voices/resolve/{commit}"
    siblings: list[dict[str, Any]] = [{"rfilename": ".gitattributes", "size": 10}]
    for file in sorted(root.rglob("*")):
        if file.is_file():
            one: dict[str, Any] = {
                "rfilename": str(file.relative_to(root)),
                "size": file.stat().st_size,
                "blobId": "0" * 40,
            }
            if file.suffix == ".onnx":
                digest = hashlib.sha256(file.read_bytes()).hexdigest()
                one["lfs"] = {"sha256": digest, "size": one["size"], "pointerSize": 130}
            siblings.append(one)
    listing = {"_id": "1", "id": "me/voices", "sha": commit, "private": False, "siblings": siblings, "tags": []}
    for path in ("api/models/me/voices", "api/models/me/voices/revision/v1.0"):
        server.answers[path] = ("application/json", json.dumps(listing).encode())
    return server


def test_from_a_hub(hub: FileServer, run: Run) -> None:
    status, out, err = run("add", "hf://me/voices@v1.0/onnx/speakers/miku")
    assert status == 0, err
    assert "There is no BERT yet" in out
    assert not any("bert" in request.path for request in hub.requests)
    graph = next(request for request in hub.requests if request.path.endswith("miku/synthesizer.onnx"))
    assert graph.headers["authorization"] == "Bearer hf_secret"
    assert "there is a voice" in run("add", "hf://me/voices")[2]
    run("remove", "miku")
    hub.requests.clear()
    assert run("add", "hf://me/voices")[0] == 0
    assert not any(request.path.endswith(".onnx") for request in hub.requests), "what had come before comes again"
    assert run("list", "--verify")[0] == 0
    assert [one["name"] for one in listed(run)["voices"]] == ["miku", "rin"]
    assert listed(run)["bert"]["model"] == "bert_q8.onnx"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(status=404, headers={"X-Error-Code": "RepoNotFound"}), "there is no hf://me/voices, or it is private"),
        (Fault(status=404, headers={"X-Error-Code": "RevisionNotFound"}), "hf://me/voices has no revision v2"),
        (Fault(status=403, headers={"X-Error-Code": "GatedRepo"}), "asks you to accept its terms"),
        (Fault(status=418), "cannot be listed"),
    ],
)
def test_what_a_hub_refuses(hub: FileServer, run: Run, fault: Fault, words: str) -> None:
    hub.always["api/models/me/voices/revision/v2"] = fault
    status, _, err = run("add", "hf://me/voices@v2")
    assert (status, words in err, len(err.splitlines())) == (1, True, 1), err


def test_a_hub_without_its_library(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    assert "-m pip install 'huggingface-hub>=" in run("add", "hf://me/voices")[2]


def test_voices_are_prepared_by_hand_and_the_list_tells_of_it(tmp_path: Path, run: Run, voices: Path) -> None:
    run("add", hayakoe_source(tmp_path / "source", "miku", "rin"))
    assert "not prepared for this machine yet" in run("list")[1]
    status, out, err = run("prepare", "miku")
    assert status == 0
    assert "BERT is prepared, in " in out
    assert "miku is prepared, in " in out
    assert "miku: reading the graph (0 of 7)" in err
    _, out, _ = run("prepare", "miku")
    assert out.splitlines() == ["BERT is prepared already", "miku is prepared already"]
    told = json.loads(run("list", "--json")[1])
    assert [one["prepared"] and one["prepared"]["precision"] for one in told["voices"]] == ["fp32", None]
    assert run("prepare", "len")[2].strip().endswith("there is no voice len; there are: miku, rin")
    folder = Path(told["voices"][0]["prepared"]["folder"])
    assert folder.is_dir()
    run("remove", "miku")
    assert not folder.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_adds_belongs_to_whom_the_folder_does(tmp_path: Path, run: Run) -> None:
    """`voices.dir` on a disk of its own, and the folder there not made yet."""
    disk = tmp_path / "disk"
    disk.mkdir()
    os.chown(disk, 12_345, 12_345)
    (tmp_path / "config.yaml").write_text(
        yaml.safe_dump({"state_dir": str(tmp_path / "state"), "voices": {"dir": str(disk / "our/voices")}})
    )

    assert run("add", make.hayakoe_source(tmp_path / "source", "miku"))[0] == 0

    assert (disk / "our/voices/miku").is_dir()
    assert {path.stat().st_uid for path in disk.rglob("*")} == {12_345}
    assert run("remove", "miku")[0] == 0
