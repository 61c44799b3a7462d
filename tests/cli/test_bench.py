"""`hayakoe-daemon bench`: what is asked for wrongly, and the documents it prints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hayakoe_daemon.bench.texts import TEXTS
from hayakoe_daemon.bench.tuning import MATRIX
from hayakoe_daemon.cli import bench, bench_device
from hayakoe_daemon.cli.main import main
from tests.support.voices import hayakoe_source


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--runs", "0"], "--runs: at least 1"),
        (["--rounds", "0"], "--rounds: at least 1"),
        (["--models", "/"], "--voice is missing"),
        (["--voice", "alpha", "--config", "/dev/null"], 'there is no voice "alpha"'),
        (["--against", "python3"], "--models is missing"),
        (["--compare", "fp32", "q8"], "--models is missing"),
        (["--models", "/no/such", "--voice", "alpha"], "there is no folder /no/such"),
        (["--device", "cuda", "--mqtt"], "give one of them"),
        (["--device", "cuda", "--compare", "q8", "--models", "/", "--voice", "a"], "give one of them"),
        (["--device", "cpu", "--config", "/dev/null"], "computes on the processor alone"),
        (["--device", "cpu", "--models", "/", "--voice", "alpha"], "base: "),
        (["--html", "/no/such/page.html"], "cannot write /no/such/page.html"),
        (["--html", "/"], "cannot write /"),
        (["--mqtt", "--html", "page.html"], "leave out --html"),
        (["--mqtt", "--models", "/", "--voice", "a"], "leave out --models"),
        (["--models", "/", "--voice", "a", "--against", "python3", "--compare", "q8"], "give one of them"),
    ],
)
def test_what_is_asked_for_wrongly(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", *arguments]) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("what", [[], ["--mqtt"], ["--device", "cpu"]])
def test_the_voice_is_the_one_that_was_set_at_run_time(
    what: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("state_dir: .")
    (tmp_path / "overrides.json").write_text(json.dumps({"voice": ["alpha", "embedded"]}))
    assert main(["bench", *what, "--runs", "1", "--config", str(config)]) == 1
    told = capsys.readouterr().err
    assert "voice alpha, which was set at run time; the config says embedded" in told
    assert 'there is no voice "alpha"' in told


def test_the_embedded_voice_as_json_and_as_a_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "peak_gflops", lambda: 100.0)
    monkeypatch.setattr(bench, "TEXTS", {"short": TEXTS["short"]})
    page = tmp_path / "bench.html"
    assert main(["bench", "--runs", "1", "--json", "--html", str(page)]) == 0
    document = json.loads(capsys.readouterr().out)
    (embedded,) = document["configurations"]
    assert embedded["name"] == "embedded"
    assert embedded["texts"]["short"]["speed"]["median"] > 0
    assert "<svg" in page.read_text()


def test_what_a_card_gives_with_the_processor_in_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the matrix what needs no preparation, and something that cannot be."""
    left = {"base": MATRIX["base"], "all": MATRIX["all"]}
    monkeypatch.setattr(bench_device, "MATRIX", left)
    models, page = hayakoe_source(tmp_path / "models", "alpha"), tmp_path / "card.html"
    asked = ["bench", "--device", "cpu", "--models", str(models), "--voice", "alpha", "--runs", "1"]
    assert main([*asked, "--json", "--html", str(page)]) == 0
    document = json.loads(capsys.readouterr().out)
    (base,) = document["configurations"]
    assert (base["name"], document["base"], document["device"]) == ("base", "base", "cpu")
    assert base["sentences_per_second"].keys() == {"1", "2", "4", "8", "16"}
    assert all(rate > 0 for rate in base["sentences_per_second"].values())
    assert "not one that a graphics card takes" in document["left_out"]["all"]
    assert "<svg" in page.read_text()


@pytest.mark.realtime
def test_from_a_message_to_the_first_sample(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--mqtt", "--runs", "1", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)["first_sound"]
    assert [one["characters"] for one in figures] == [5, 10, 50, 300]
    assert all(0 < one["median_ms"] < 10_000 for one in figures)
