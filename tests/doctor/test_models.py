from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from hayakoe_daemon.doctor.models import examine_models, examine_prepared
from hayakoe_daemon.opening import Manual
from hayakoe_daemon.voice.prepare import machine
from hayakoe_daemon.voice.prepare.order import Found
from hayakoe_daemon.voice.prepare.process import Preparation
from hayakoe_daemon.voice.prepare.shelf import Shelf
from hayakoe_daemon.voice.store.store import Store
from tests.doctor.house import told
from tests.support.installed import add_bert, add_voices, synthesizer


@pytest.fixture
def store(tmp_path: Path) -> Store:
    add_bert(tmp_path / "voices")
    return add_voices(tmp_path / "voices", "alpha")


def verdicts(store: Store, *, every_byte: bool) -> list[str]:
    return [verdict for verdict, _ in told(examine_models(store, every_byte=every_byte))]


def test_voices_as_they_were_added(store: Store) -> None:
    assert verdicts(store, every_byte=True) == verdicts(store, every_byte=False) == ["ok", "ok"]


def test_a_changed_byte_is_found_by_reading_all(store: Store) -> None:
    graph = synthesizer(store.folder, "alpha")
    content = graph.read_bytes()
    graph.unlink()
    graph.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert verdicts(store, every_byte=False) == ["ok", "ok"]
    found = list(examine_models(store, every_byte=True))
    assert str(found[0].verdict) == "failure"
    assert "its content has changed" in found[0].means
    source = store.manifest("alpha").source
    named = "" if "alpha" in source else " --name alpha"
    assert found[0].remedy == f"hayakoe-daemon voices add {shlex.quote(source)}{named} --replace"


def test_a_missing_file_and_a_missing_bert_are_told(tmp_path: Path) -> None:
    store = add_voices(tmp_path, "alpha")
    synthesizer(store.folder, "alpha").unlink()
    assert verdicts(store, every_byte=False) == ["failure", "failure"]
    assert told(examine_models(Store(tmp_path / "none"), every_byte=True))[0][0] == "ok"


def test_a_voice_that_was_not_prepared(store: Store, tmp_path: Path) -> None:
    prepared = tmp_path / "prepared"

    def manual(_: str) -> Manual:
        return Manual(store.folder, prepared)

    [found] = examine_prepared(store, manual, wanted=True)
    assert str(found.verdict) == "warning"
    assert found.remedy == "hayakoe-daemon voices prepare alpha"
    assert not prepared.exists()
    assert told(examine_prepared(store, manual, wanted=False))[0][0] == "ok"
    assert told(examine_prepared(Store(tmp_path / "none"), manual, wanted=True)) == []


def test_what_was_prepared_for_another_machine(store: Store, tmp_path: Path) -> None:
    manual = Manual(store.folder, tmp_path / "prepared")
    order = manual.order("alpha")
    assert order is not None
    (manual.prepared / "alpha-fp32.0123456789abcdef01234567").mkdir(parents=True)
    [(verdict, means)] = told(examine_prepared(store, lambda _: manual, wanted=True))
    assert (verdict, "its files were changed since" in means) == ("warning", True)  # or the list of them is lost
    (manual.prepared / "alpha-fp32.0123456789abcdef01234567").rmdir()
    for graph in (order.voice.graph, order.bert.graph):
        Shelf(manual.prepared).hashes.of(graph)
    (manual.prepared / "alpha-fp32.0123456789abcdef01234567").mkdir()
    [(verdict, means)] = told(examine_prepared(store, lambda _: manual, wanted=True))
    assert (verdict, "prepared for another machine" in means) == ("warning", True)


@pytest.mark.long
def test_a_voice_is_prepared_until_the_recipe_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_bert(tmp_path / "voices")
    store = add_voices(tmp_path / "voices", "alpha", real=True)
    manual = Manual(store.folder, tmp_path / "prepared")
    order = manual.order("alpha")
    assert order is not None
    for job in order.jobs(Found(None, None)):
        preparation = Preparation(job)
        preparation.start()
        preparation.wait(300.0)
        preparation.cancel()
    [(verdict, means)] = told(examine_prepared(store, lambda _: manual, wanted=True))
    assert (verdict, "for this processor" in means) == ("ok", True)
    monkeypatch.setattr(machine, "RECIPE", machine.RECIPE + 1)
    [(verdict, means)] = told(examine_prepared(store, lambda _: manual, wanted=True))
    assert (verdict, "prepared for another machine" in means) == ("warning", True)
