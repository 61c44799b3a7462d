"""`hayakoe-daemon check-config` beyond what the file itself can say."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from tests.support.daemon import Daemon


def test_what_is_named_and_not_there_is_a_warning(tmp_path: Path) -> None:
    daemon = Daemon(
        tmp_path,
        None,
        config={
            "audio": {"chime": "gong", "sounds_dir": "sounds"},
            "speech": {"voice": "nobody", "tokenizer": "bert"},
            "mqtt": {"user": "me", "password_file": "password", "tls": {"ca_file": "ca.crt"}},
        },
    )
    done = daemon.command("check-config")
    assert done.returncode == 0
    for key in ("chime", "sounds_dir", "voice", "tokenizer", "password_file", "ca_file"):
        assert f".{key}: " in done.stderr
    assert len(done.stderr.splitlines()) == 6
    daemon.config_file.write_text(yaml.safe_dump({"state_dir": str(tmp_path)}))
    assert not daemon.command("check-config").stderr


def test_what_is_set_at_run_time_is_shown_as_it_is_written(tmp_path: Path) -> None:
    daemon = Daemon(tmp_path, None)
    daemon.state.mkdir()
    (daemon.state / "overrides.json").write_text(json.dumps({"mute": [True, False], "style": ["ノーマル", None]}))
    shown = daemon.command("check-config").stdout
    assert "mute is true, the config says false" in shown
    assert "style is ノーマル, the config says null" in shown
