"""`hayakoe-daemon COMMAND`: what there is, and which function does it."""

from __future__ import annotations

import argparse
import codecs
import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from hayakoe_daemon import __version__
from hayakoe_daemon.cli.alarm_options import add_actions
from hayakoe_daemon.cli.failure import Failure

PROGRAM = "hayakoe-daemon"
CONFIG_HELP = "the config (else $HAYAKOE_CONFIG, ./config.yaml, /etc/hayakoe-daemon/config.yaml; root: that one first)"


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0 well, 1 it did not work (and stderr says why), 2 wrong usage."""
    _escape_what_cannot_be_shown()
    try:
        try:
            return _done(build_parser().parse_args(arguments))
        finally:
            _print_all()
    except Failure as failure:
        print(f"{PROGRAM}: {failure}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        _print_no_more()
        return 1
    except KeyboardInterrupt:
        return 130


def _done(given: argparse.Namespace) -> int:
    # A command's module is imported when it is used: `stop` must not wait for a dictionary to be loaded.
    command = getattr(import_module(f"hayakoe_daemon.cli.{given.module}"), given.function)
    return int(command(given))


def _escape_what_cannot_be_shown() -> None:
    r"""Where the locale or PYTHONIOENCODING is narrow, Japanese is printed as \u65e9: so JSON stays JSON."""
    codecs.register_error("escaped", _escaped)
    if isinstance(sys.stdout, io.TextIOWrapper):  # else it was closed before we began, or takes any text
        sys.stdout.reconfigure(errors="escaped")


def _escaped(error: UnicodeError) -> tuple[str, int]:
    """As codecs.register_error wants it."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


def _print_all() -> None:
    """What print has kept back goes out here, where it can be told that it does not."""
    if sys.stdout is None:  # it was closed before we began
        return
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _print_no_more()
        raise Failure(f"cannot print the result: {error.strerror}") from None


def _print_no_more() -> None:
    """Else the interpreter tries once more when it ends, and complains."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=PROGRAM, description="A voice for Japanese homes.")
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}", help="print the version")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, help_: str, module: str, function: str) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=help_, description=help_[0].upper() + help_[1:] + ".")
        one.set_defaults(module=module, function=function)
        one.add_argument(
            "--config",
            type=Path,
            metavar="FILE",
            help=CONFIG_HELP,
        )
        return one

    command("run", "run the daemon in the foreground", "run", "run")
    _say(command("say", "say something", "say", "say"))
    queue = command("queue", "show what is being said and what waits", "talk", "queue")
    queue.add_argument("--json", action="store_true", help="as JSON")
    command("stop", "end what is being said and empty the queue", "talk", "stop")
    command("skip", "end what is being said; the next one follows", "talk", "skip")
    command("clear", "empty the queue", "talk", "clear")
    command("repeat", "say the last announcement again", "talk", "repeat")
    things = "volume, mute, do_not_disturb, voice, style or speed"
    setting = command("set", f"set {things} until the config is edited there", "talk", "set_")
    setting.add_argument("thing", help=things)
    setting.add_argument("value", help="as it would be published: 40, ON, 1.2")
    reset = command("reset", "drop what was set at run time: the config counts again", "talk", "reset")
    reset.add_argument("thing", metavar="KEY", help=things)
    command("check-config", "check the config and list what is set over it at run time", "look", "check_config")
    devices = command("devices", "list the sound devices and the one the config picks", "look", "devices")
    devices.add_argument("--json", action="store_true", help="as JSON")
    doctor = command(
        "doctor", "examine this machine, its voices, broker and sound, and say what to type", "doctor", "doctor"
    )
    doctor.add_argument("--json", action="store_true", help="as JSON")
    _explain(command("explain", "show how a text is read: words, accent, phones", "explain", "explain"))
    _dictionary(command("dictionary", "add, remove and list words with a reading of your own", "dictionary", "run"))
    _voices(command("voices", "list, check, add, prepare and remove neural voices", "voices", "run"))
    _bench(command("bench", "measure this machine: how fast voices speak, and what they need", "bench", "bench"))
    shells = command("completion", "print the completion script of a shell", "completion", "completion")
    shells.add_argument("shell", choices=("bash", "zsh", "fish"))
    command("man", "print the manual page, for `man -l -`", "man", "man")
    add_actions(command("alarms", "show what rings when, and change it", "alarms", "list_"))
    _briefing(command("briefing", "say a briefing now, or show what it would say", "briefing", "run"))
    return parser


def _say(say: argparse.ArgumentParser) -> None:
    say.add_argument("text", nargs="?", help="what to say; standard input where it is -")
    say.add_argument("--wav", type=Path, metavar="FILE", help="into this file, without a daemon")
    say.add_argument("--wait", action="store_true", help="return when it has been said; 0 when all of it was heard")
    say.add_argument("--id", help="a message whose id came within the last day is not said again")
    say.add_argument("--voice", help="who says it")
    say.add_argument("--style", help="how, where the voice has styles")
    say.add_argument("--style-weight", type=float, metavar="X", help="how much of that style")
    say.add_argument("--speed", type=float, metavar="X", help="1.2 is faster")
    say.add_argument("--seed", type=_seed, metavar="N", help="the same number gives the same sound; random: a new one")
    way = say.add_argument_group("neural voices only")
    way.add_argument("--sdp-ratio", type=float, metavar="0-1", help="how much of the rhythm is drawn by chance")
    way.add_argument("--noise-scale", type=float, metavar="0-2", help="variation of sound")
    way.add_argument("--noise-scale-w", type=float, metavar="0-2", help="variation of lengths")
    way.add_argument("--pitch-scale", type=float, metavar="X", help="1.2 is higher; 0.5 to 2, needs pyworld")
    way.add_argument("--intonation-scale", type=float, metavar="0-2", help="1.5 is livelier; needs pyworld")
    say.add_argument("--volume", type=int, metavar="0-100", help="for this one")
    say.add_argument("--priority", choices=("low", "normal", "high", "urgent"), help="urgent cuts in")
    say.add_argument("--chime", metavar="NAME", help="a chime first: its name, or yes or no")
    say.add_argument("--sound", metavar="FILE", help="a file of the sound folder first")
    say.add_argument("--expires-in", type=float, metavar="SECONDS", help="how long it may wait")
    say.add_argument("--key", help="replaces a waiting message with the same key")
    say.add_argument("--when-quiet", choices=("speak", "hold", "drop"), help="what becomes of it in quiet hours")


def _seed(given: str) -> int | str:
    if given == "random":
        return given
    if not given.isascii() or not given.isdigit():
        raise argparse.ArgumentTypeError(f"{given!r} is neither a whole number nor random")
    return int(given)


def _explain(explain: argparse.ArgumentParser) -> None:
    explain.add_argument("text", nargs="?", help="the text, said sentence by sentence")
    explain.add_argument(
        "--json", action="store_true", help="read lines on standard input, write a JSON object for each"
    )
    explain.add_argument(
        "--verbatim", action="store_true", help="the text as it stands, without markup and reading rules"
    )
    explain.add_argument("--tokenizer", type=Path, metavar="DIR", help="the folder of vocab.txt: shows BERT's ids too")


def _actions(command: argparse.ArgumentParser) -> Callable[[str, str], argparse.ArgumentParser]:
    """What makes the actions of a command that has several."""
    actions = command.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)

    def action(name: str, help_: str) -> argparse.ArgumentParser:
        one = actions.add_parser(name, help=help_, description=help_[0].upper() + help_[1:] + ".")
        # Suppressed where it is not given: else it would undo one that stands before the action.
        one.add_argument("--config", type=Path, metavar="FILE", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        return one

    return action


def _dictionary(dictionary: argparse.ArgumentParser) -> None:
    action = _actions(dictionary)
    add = action("add", "add a word, or change it")
    add.add_argument("word", help="as it is written: 早声")
    add.add_argument("reading", help="as it is said, in kana: ハヤコエ")
    add.add_argument(
        "--accent", type=int, default=0, metavar="N", help="the voice falls after this mora; 0 is flat (0)"
    )
    action("remove", "remove a word").add_argument("word")
    action("list", "list the words, and what was set aside").add_argument("--json", action="store_true", help="as JSON")


def _voices(voices: argparse.ArgumentParser) -> None:
    action = _actions(voices)
    listed = action("list", "list the voices and whether they are whole")
    listed.add_argument("--json", action="store_true", help="as JSON")
    listed.add_argument("--verify", action="store_true", help="read every byte of them")
    check = action("check", "say what a path holds and what is missing; a voice's name reads every byte of it")
    check.add_argument("path", metavar="PATH", help="a folder or file of voices or a BERT, or the name of a voice")
    add = action("add", "add the voices of a folder, an .aivmx file or an address, or a BERT")
    add.add_argument(
        "source", nargs="?", metavar="PATH-OR-ADDRESS", help="a folder, an .aivmx, https://…, hf://user/repo[@revision]"
    )
    add.add_argument("--name", help="how messages call the voice, where it is one")
    add.add_argument("--bert", metavar="PATH-OR-ADDRESS", help="the BERT that all voices share, with its vocab.txt")
    add.add_argument("--replace", action="store_true", help="replace a voice of the same name")
    prepare = action("prepare", "make voices ready for this machine, as the daemon does by itself")
    prepare.add_argument("names", nargs="*", metavar="NAME", help="these; else all")
    prepare.add_argument("--again", action="store_true", help="prepare again what is prepared already")
    quantize = action("quantize", "write a BERT in 8 or 4 bits from one in float32")
    quantize.add_argument("source", metavar="SOURCE", type=Path, help="the BERT in float32, such as bert.onnx")
    quantize.add_argument("target", metavar="TARGET", type=Path, help="the file to write, such as bert_q8.onnx")
    quantize.add_argument(
        "--kind",
        choices=("q8", "q8-per-tensor", "q4"),
        default="q8",
        help="q8: 8 bits (default); q8-per-tensor: exactly as the published BERT was made; q4: 4 bits in blocks",
    )
    quantize.add_argument("--force", action="store_true", help="write over a file that is there")
    remove = action("remove", "remove a voice, or what has arrived of a download")
    remove.add_argument("name", help="the voice, or the address of an unfinished download")


def _briefing(briefing: argparse.ArgumentParser) -> None:
    briefing.add_argument("name", help="as the config calls it")
    briefing.add_argument("--dry-run", action="store_true", help="only show it, with how each of its sources stands")
    briefing.add_argument("--json", action="store_true", help="with --dry-run: as JSON")


def _bench(bench: argparse.ArgumentParser) -> None:
    bench.add_argument(
        "--models", type=Path, metavar="DIR", help="the folder of a voice and its BERT; else what is installed"
    )
    bench.add_argument("--voice", metavar="NAME", help="the voice; else the one that speaks now, as it is set")
    bench.add_argument("--against", type=Path, metavar="PYTHON", help="compare with hayakoe, run by this interpreter")
    bench.add_argument(
        "--compare",
        nargs="+",
        choices=("fp32", "q8", "q4", "int8"),
        help="these precisions, and how far each is from the first",
    )
    bench.add_argument("--mqtt", action="store_true", help="from an MQTT message to the first sample of speech instead")
    bench.add_argument(
        "--device",
        choices=("cuda", "cpu"),
        help="what makes a voice faster on a graphics card, each alone and all together; cpu: a trial run without one",
    )
    bench.add_argument(
        "--runs", type=int, metavar="N", help="how often each text is said (20; 10 with --against; 100 with --device)"
    )
    bench.add_argument(
        "--rounds", type=int, metavar="N", help="in this many processes, one after the other (5; 2 with --device)"
    )
    bench.add_argument(
        "--prepared",
        type=Path,
        metavar="DIR",
        help="keep what is prepared here, for the next time; else it lies in $TMPDIR or /var/tmp meanwhile: 1.2 GB"
        " for a voice as it is installed, 3.4 GB with --models",
    )
    bench.add_argument("--json", action="store_true", help="as JSON")
    bench.add_argument("--html", type=Path, metavar="FILE", help="a page with plots into this file too")
