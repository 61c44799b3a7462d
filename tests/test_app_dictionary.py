"""The user's words in a running daemon: over MQTT, by the commands, and after a restart."""

from __future__ import annotations

import json
from pathlib import Path

import soundfile

from tests.support.broker import Broker
from tests.support.daemon import Daemon, Home
from tests.support.waiting import wait_for


def ask(home: Home, action: str, payload: str, correlation: bytes) -> dict[str, object]:
    home.watcher.publish(
        home.topic(f"dictionary/{action}"), payload, response_topic="answers/words", correlation=correlation
    )
    seen = home.watcher.wait("answers/words", lambda seen: seen.correlation == correlation)
    return dict(json.loads(seen.payload))


def heard(folder: Path, home: Home, text: str, id_: str) -> int:
    """Samples of sound."""
    home.say(text, id=id_)
    home.wait_event(id_, "finished")
    (path,) = folder.glob(f"*-{id_}.wav")
    return int(soundfile.info(path).frames)


def test_words_over_mqtt_and_by_the_commands(tmp_path: Path, broker: Broker, home: Home) -> None:
    said = tmp_path / "heard"
    with Daemon(tmp_path / "daemon", broker, device=f"wav:{said}", config={"queue": {"low_waits": 0}}) as daemon:
        home.wait_online()
        before = heard(said, home, "早声", "before")
        add = '{"word": "早声", "reading": "ハヤコエソウセイデーモン", "accent": 2}'
        assert ask(home, "add", add, b"1") == {"status": "done"}
        after = heard(said, home, "早声", "after")
        assert after > 1.5 * before, "the embedded voice does not know the word"
        assert "早声  ハヤコエソウセイデーモン  2" in daemon.command("dictionary", "list").stdout

        refused = ask(home, "add", '{"word": "早声", "reading": "早い"}', b"2")
        assert (refused["status"], refused["code"]) == ("error", "bad_word")
        assert "katakana" in str(refused["message"])
        assert ask(home, "add", '{"word": "早声"}', b"3")["field"] == "reading"
        assert ask(home, "add", "早声", b"4")["code"] == "bad_json"
        assert ask(home, "forget", "早声", b"5")["code"] == "unknown_action"

        assert daemon.command("dictionary", "add", "紬", "ツムギ", "--accent", "1").returncode == 0
        assert daemon.command("dictionary", "add", "紬", "ツムギ", "--accent", "9").returncode == 1
        daemon.kill()
        daemon.start()
        listed = json.loads(daemon.command("dictionary", "list", "--json").stdout)
        assert [one["word"] for one in listed["words"]] == ["早声", "紬"]
        assert heard(said, home, "早声", "restarted") == after

        assert ask(home, "remove", "早声", b"6") == {"status": "done"}
        assert ask(home, "remove", '{"word": "早声"}', b"7")["code"] == "unknown_word"
        assert heard(said, home, "早声", "forgotten") == before


def test_a_bad_dictionary_blocks_no_start_and_is_read_again_on_reload(
    tmp_path: Path, broker: Broker, home: Home
) -> None:
    words = tmp_path / "words.yaml"
    words.write_text("- {word: 早声, reading: 早い}\n- {word: 紬, reading: ツムギ}\n", encoding="utf-8")
    config = {"speech": {"dictionary": str(words)}}
    with Daemon(tmp_path / "daemon", broker, device="null:", config=config) as daemon:
        home.wait_online()
        listed = json.loads(daemon.command("dictionary", "list", "--json").stdout)
        assert [one["word"] for one in listed["words"]] == ["紬"]
        assert "line 1" in listed["set_aside"][0]["reason"]
        assert "set aside" in daemon.log()
        words.write_text("{{{", encoding="utf-8")
        daemon.reload()
        wait_for(lambda: any("cannot be read" in one["message"] for one in home.errors()))
        home.say("まだ話せます", id="still")
        home.wait_event("still", "finished")


def test_a_reload_with_another_state_folder_leaves_the_words_where_they_are(tmp_path: Path) -> None:
    with Daemon(tmp_path / "daemon", None) as daemon:
        assert daemon.command("dictionary", "add", "紬", "ツムギ").returncode == 0
        daemon.configure({"state_dir": str(tmp_path / "other")})
        daemon.reload()
        wait_for(lambda: "the config was reloaded" in daemon.log())
        assert daemon.command("dictionary", "add", "早声", "ハヤコエ").returncode == 0  # after the file was read again
        listed = json.loads(daemon.command("dictionary", "list", "--json").stdout)
        assert [one["word"] for one in listed["words"]] == ["紬", "早声"]
        assert not (tmp_path / "other").exists()
