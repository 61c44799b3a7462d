from __future__ import annotations

import os
from pathlib import Path

import pytest

from hayakoe_daemon.config import Config, Control, control_socket, find_control_socket, places, state_dir
from hayakoe_daemon.config.model import Cache, Voices
from hayakoe_daemon.config.places import cache_dir, prepared_dir


def test_the_state_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    under_systemd = {"STATE_DIRECTORY": "/var/lib/a:/var/lib/b", "XDG_STATE_HOME": "/x"}
    assert state_dir(Config(state_dir=Path("/given")), under_systemd) == Path("/given")
    assert state_dir(Config(), under_systemd) == Path("/var/lib/a")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert state_dir(Config(), {"XDG_STATE_HOME": "/x"}) == Path("/var/lib/hayakoe-daemon")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert state_dir(Config(), {"XDG_STATE_HOME": "/x"}) == Path("/x/hayakoe-daemon")
    assert state_dir(Config(), {}) == Path.home() / ".local/state/hayakoe-daemon"


def test_the_folder_of_rendered_speech() -> None:
    under_systemd = {"STATE_DIRECTORY": "/s", "CACHE_DIRECTORY": "/c:/d"}
    assert cache_dir(Config(cache=Cache(dir=Path("/given"))), under_systemd) == Path("/given")
    assert cache_dir(Config(), under_systemd) == Path("/c/speech")
    assert cache_dir(Config(), {"STATE_DIRECTORY": "/s"}) == Path("/s/speech")


def test_the_control_socket() -> None:
    everything = {"RUNTIME_DIRECTORY": "/run/r", "XDG_RUNTIME_DIR": "/run/user/1", "STATE_DIRECTORY": "/s"}
    assert control_socket(Config(control=Control(socket=Path("/given"))), everything) == Path("/given")
    assert control_socket(Config(), everything) == Path("/run/r/control.sock")
    del everything["RUNTIME_DIRECTORY"]
    assert control_socket(Config(), everything) == Path("/run/user/1/hayakoe-daemon/control.sock")
    del everything["XDG_RUNTIME_DIR"]
    assert control_socket(Config(), everything) == Path("/s/control.sock")


def test_a_command_finds_its_own_daemon_first_and_the_service_second(tmp_path: Path) -> None:
    environ = {"XDG_RUNTIME_DIR": str(tmp_path)}
    own, service = tmp_path / "hayakoe-daemon/control.sock", tmp_path / "service.sock"
    named = Config(control=Control(socket=tmp_path / "named"))

    assert find_control_socket(Config(), environ, service=service) == own
    service.touch()
    assert find_control_socket(Config(), environ, service=service) == service
    assert find_control_socket(named, environ, service=service) == tmp_path / "named"
    own.parent.mkdir()
    own.touch()
    assert find_control_socket(Config(), environ, service=service) == own


def test_a_socket_that_one_may_not_see_is_there_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service = tmp_path / "closed/control.sock"

    def stat(path: Path, **_: object) -> None:
        raise (PermissionError if path == service else FileNotFoundError)

    monkeypatch.setattr(Path, "stat", stat)

    assert find_control_socket(Config(), {"XDG_RUNTIME_DIR": "/run/user/1"}, service=service) == service


def test_what_can_be_made_again_is_in_the_cache_folder_of_systemd(tmp_path: Path) -> None:
    state, cache = tmp_path / "state", tmp_path / "cache"
    service = {"STATE_DIRECTORY": str(state), "CACHE_DIRECTORY": f"{cache}:/another"}
    assert prepared_dir(Config(), service) == cache / "prepared"
    assert cache_dir(Config(), service) == cache / "speech"
    del service["CACHE_DIRECTORY"]
    assert prepared_dir(Config(), service) == state / "prepared"
    assert cache_dir(Config(), service) == state / "speech"


def test_it_stays_where_it_lies_from_before_or_is_told_to_lie(tmp_path: Path) -> None:
    service = {"STATE_DIRECTORY": str(tmp_path), "CACHE_DIRECTORY": "/cache"}
    (tmp_path / "prepared").mkdir()
    assert prepared_dir(Config(), service) == tmp_path / "prepared"
    assert cache_dir(Config(), service) == Path("/cache/speech")
    assert prepared_dir(Config(state_dir=Path("/given")), service) == Path("/given/prepared")
    assert prepared_dir(Config(voices=Voices(prepared_dir=Path("/own"))), service) == Path("/own")
    assert cache_dir(Config(cache=Cache(dir=Path("/own"))), service) == Path("/own")


def test_root_finds_what_the_service_prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(places, "SERVICE_CACHE", tmp_path / "cache")
    monkeypatch.setattr(places, "SERVICE_STATE", tmp_path / "state")
    assert prepared_dir(Config(), {}) == tmp_path / "state/prepared"
    (tmp_path / "cache").mkdir()
    assert prepared_dir(Config(), {}) == tmp_path / "cache/prepared"
    assert prepared_dir(Config(), {"STATE_DIRECTORY": "/own"}) == Path("/own/prepared")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert prepared_dir(Config(), {"XDG_STATE_HOME": str(tmp_path)}) == tmp_path / "hayakoe-daemon/prepared"
