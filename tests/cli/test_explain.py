"""`hayakoe-daemon explain` and `dictionary`, as a person or a program runs them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.waiting import patient

ROOT = Path(__file__).parents[2]
FIELDS = "text spoken normalized kana phones tones word2ph phone_ids tone_ids lang_ids bert_text rules"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "config.yaml"
    settings = {"state_dir": str(tmp_path / "state"), "control": {"socket": str(tmp_path / "nobody.sock")}}
    file.write_text(yaml.safe_dump(settings))
    return file


def command(config: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "hayakoe_daemon", *arguments, "--config", str(config)],
        input=given,
        capture_output=True,
        check=False,
        cwd=ROOT,
        timeout=patient(60),
    )


def explained(config: Path, given: bytes, *arguments: str) -> list[dict[str, Any]]:
    done = command(config, "explain", "--json", *arguments, given=given)
    assert (done.returncode, done.stderr) == (0, b"")
    return [json.loads(line) for line in done.stdout.splitlines()]


def spoken(config: Path, text: str) -> bytes:
    """The wave that `say --wav` writes."""
    file = config.with_name("spoken.wav")
    assert command(config, "say", text, "--wav", str(file)).returncode == 0
    return file.read_bytes()


def test_one_object_for_every_line_in_order(config: Path) -> None:
    lines = ["雨が降る。", "", "、", "a\u2028b\x0bc\x85d", "は\x00い", "😀", "二行。目", "\x1b[31m"]
    found = explained(config, "".join(f"{line}\n" for line in lines).encode() + "最後".encode())
    assert [one["text"] for one in found] == [*lines, "最後"]
    assert all(" ".join(one) == FIELDS for one in found)
    assert [one["spoken"] for one in found[:3]] == [one["text"] for one in found[:3]]
    assert found[0]["kana"] == "アメガフル."
    assert found[1]["phones"] == ["_", "_"]


def test_rules_are_shown_and_left_out_verbatim(config: Path) -> None:
    (one,) = explained(config, "7:30に点《てん》".encode())
    assert one["spoken"].startswith("七時三十分に")
    assert one["kana"].startswith("シチジサンジュップンニ")
    assert one["rules"][0] == {"rule": "time.clock", "start": 0, "written": "7:30", "spoken": "七時三十分"}
    (one,) = explained(config, "7:30に".encode(), "--verbatim")
    assert (one["spoken"], one["rules"]) == ("7:30に", [])
    shown = command(config, "explain", "7:30に[pause 500]｜今日《きょう》は").stdout.decode()
    assert "time.clock: 7:30 → 七時三十分" in shown
    assert "キョウワ" in shown


def test_a_home_has_rules_and_words_of_its_own(config: Path) -> None:
    settings = yaml.safe_load(config.read_text())
    config.write_text(yaml.safe_dump({**settings, "reading": {"rules": {"LDK": "リビング"}, "emoji": "names"}}))
    assert command(config, "dictionary", "add", "QX7", "キューセブン").returncode == 0
    (one,) = explained(config, "LDKのQX7🎂".encode())
    assert one["kana"] == "リビングノキューセブン,バースデーケーキ"
    assert [step["rule"] for step in one["rules"]] == ["home.LDK", "dictionary", "emoji.name"]
    config.write_text(yaml.safe_dump({**settings, "reading": {"rules": {"(": "x", "a": 3}}}))
    done = command(config, "check-config")
    assert done.returncode != 0
    told = (done.stdout + done.stderr).decode()
    assert "not a regular expression" in told
    assert "a: its words are not text" in told


def test_what_cannot_be_read_has_an_error_and_the_next_line_none(config: Path) -> None:
    found = explained(config, b"\xff\xfe\n" + ("あ" * 8_000).encode() + b"\n" + "はい\r\n".encode())
    assert "UTF-8" in found[0]["error"]
    assert "8000" in found[1]["error"]
    assert (found[2]["text"], found[2]["kana"]) == ("はい", "ハイ")


def test_ids_of_bert_where_there_is_a_tokenizer(config: Path, tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text("[UNK]\n[CLS]\n[SEP]\n雨\n", encoding="utf-8")
    (one,) = explained(config, "雨だ\n".encode(), "--tokenizer", str(tmp_path), "--verbatim")
    assert one["bert_ids"] == [1, 3, 0, 2]
    assert len(one["bert_ids"]) == len(one["word2ph"])
    settings = yaml.safe_load(config.read_text())
    config.write_text(yaml.safe_dump({**settings, "speech": {"tokenizer": "."}}))
    assert explained(config, "雨だ\n".encode())[0]["bert_ids"] == [1, 3, 0, 2]
    done = command(config, "explain", "--json", "--tokenizer", str(tmp_path / "none"))
    assert done.returncode == 1
    assert b"vocab.txt" in done.stderr


def test_each_line_is_answered_at_once(config: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "hayakoe_daemon", "explain", "--json", "--config", str(config)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for text in ("雨", "飴"):
            process.stdin.write(f"{text}\n".encode())
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["text"] == text


def test_the_picture(config: Path) -> None:
    done = command(config, "explain", "橋の端、飴。｜一日《ついたち》！")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == PICTURE
    assert "《ツイタチ》" not in PICTURE
    verbatim = command(config, "explain", "--verbatim", "｜一日《ついたち》！").stdout.decode()
    assert "as      一日'ついたち'!" in verbatim
    assert command(config, "explain", "。").stdout.decode() == "There is nothing to say.\n"


PICTURE = """\
text    橋の端、飴。
as      橋の端,飴.
kana    ハシノハシ,アメ.

word    橋        の   端        ,  飴      .
accent     ┌────┐         ┌────       ┌───
said    ハ  シ    ノ   ハ  シ    ,  ア メ   .
phones  h a sh i  n o  h a sh i  ,  a  m e  .

text    ツイタチ！
as      ツイタチ!
kana    ツイタチ!

word    ツイタチ          !
accent      ┌───────────
said    ツ   イ タ  チ    !
phones  ts u i  t a ch i  !
"""


@pytest.mark.parametrize("arguments", [(), ("--json", "文")])
def test_wrong_usage_says_what_is_right(config: Path, arguments: tuple[str, ...]) -> None:
    done = command(config, "explain", *arguments)
    assert done.returncode == 1
    assert b"--json" in done.stderr


def test_no_voice_is_loaded() -> None:
    code = (
        "import sys; sys.argv[1:] = ['explain', '雨']\n"
        "from hayakoe_daemon.cli import main; main()\n"
        "rooms = {name.split('.')[1] for name in sys.modules if name.startswith('hayakoe_daemon.')}\n"
        "assert not rooms & {'voice', 'audio'}, rooms\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, cwd=ROOT, timeout=patient(60))
    assert done.returncode == 0, done.stderr


def test_the_dictionary_without_a_daemon(config: Path, tmp_path: Path) -> None:
    before = spoken(config, "早声")
    assert b"no words yet" in command(config, "dictionary", "list").stdout
    added = command(config, "dictionary", "add", "早声", "はやこえ", "--accent", "2")
    assert (added.returncode, added.stderr) == (0, b"")
    assert "早声  ハヤコエ  2" in command(config, "dictionary", "list").stdout.decode()
    (one,) = explained(config, "早声\n".encode())
    assert (one["kana"], one["tones"]) == ("ハヤコエ", [0, 0, 0, 1, 1, 0, 0, 0, 0])
    assert spoken(config, "早声") != before, "the embedded voice does not know the word"
    refused = command(config, "dictionary", "add", "早声", "早い")
    assert refused.returncode == 1
    assert b"katakana" in refused.stderr
    assert command(config, "dictionary", "remove", "早声").returncode == 0
    assert command(config, "dictionary", "remove", "早声").returncode == 1
    assert json.loads(command(config, "dictionary", "list", "--json").stdout) == {"words": [], "set_aside": []}

    file = tmp_path / "state/dictionary.yaml"
    file.write_text("- {word: 早声, reading: 早い}\n- {word: 紬, reading: ツムギ}\n", encoding="utf-8")
    assert "set aside: line 1" in command(config, "dictionary", "list").stdout.decode()
    done = command(config, "explain", "紬")
    assert done.returncode == 0
    assert "ツムギ" in done.stdout.decode()
    assert b"set aside" in done.stderr


@pytest.mark.long
def test_five_thousand_lines_in_twenty_seconds(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = "".join(f"今日は{n % 28 + 1}日です。午後から雨が降るという予報が出ています。\n" for n in range(5_000))
    begun = time.monotonic()
    assert len(explained(config, lines.encode())) == 5_000
    took = time.monotonic() - begun
    with capsys.disabled():
        print(f"\n5000 lines: {took:.1f} s")  # noqa: T201, the figure is the point
    assert took < 20
