"""`hayakoe-daemon man`: the manual page, made of what the commands say of themselves. For roff, see man(7)."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator

from hayakoe_daemon import __version__
from hayakoe_daemon.cli.main import CONFIG_HELP, PROGRAM, build_parser

_BEFORE = """\
Announcements come in over MQTT or from the commands below, and are spoken in Japanese on an ALSA device.
What was accepted is said once, whatever happens to the power, the broker or the sound card in between;
what cannot be said is reported.

\\fBrun\\fR is the daemon; most other commands talk to the one that runs, as root or as a member of its group.
"""

_EVERYWHERE = ("help", "config")
"""Options that every command has."""

_AFTER = r"""
.SH ENVIRONMENT
.TP
.B HAYAKOE_CONFIG
The config, where
.B \-\-config
is not given.
.TP
.BR STATE_DIRECTORY ", " CACHE_DIRECTORY ", " RUNTIME_DIRECTORY ", " CREDENTIALS_DIRECTORY
As systemd sets them: where the daemon keeps its state, what it can make again, its socket, and finds the password for
the broker.
.TP
.BR XDG_STATE_HOME ", " XDG_RUNTIME_DIR
Where a daemon of one's own keeps its state (else in ~/.local/state), and its socket.
.SH FILES
.TP
.IR ./config.yaml ", " /etc/hayakoe-daemon/config.yaml
The config, in this order; for root in the other. The one that is shipped as an example is complete and commented.
.TP
.I /var/lib/hayakoe-daemon
The state: journal, voices, the dictionary, what was set at run time.
.TP
.I /var/cache/hayakoe-daemon
What can be made again: prepared voices, rendered speech.
.TP
.I /etc/hayakoe-daemon/mqtt-password
The broker's password, for
.BR "password_credential: mqtt-password" .
.TP
.I /run/hayakoe-daemon/control.sock
By which the commands talk to the daemon.
.SH EXIT STATUS
0 where it worked, 1 where it did not (and standard error says why), 2 for a wrong usage.
.B doctor
returns 0, 1 or 2 as its worst finding is ok, a warning or a failure.
.SH EXAMPLES
.nf
hayakoe\-daemon check\-config
hayakoe\-daemon doctor
hayakoe\-daemon say \-\-wait こんにちは
hayakoe\-daemon alarms add morning \-\-time 07:00 \-\-days weekdays \-\-text おはようございます
.fi
.SH SEE ALSO
.BR mosquitto_pub (1),
.BR systemctl (1),
.BR aplay (1)
"""


def man(_: argparse.Namespace) -> int:
    """0 when it was printed."""
    print(page(build_parser()), end="")
    return 0


def page(parser: argparse.ArgumentParser) -> str:
    """The whole page in roff."""
    lines = [
        f'.TH {PROGRAM.upper().replace("-", chr(92) + "-")} 1 "" "{PROGRAM} {__version__}" "User Commands"',
        ".SH NAME",
        rf"{_plain(PROGRAM)} \- {_plain((parser.description or '').rstrip('.'))}",
        ".SH SYNOPSIS",
        rf".B {_plain(PROGRAM)}",
        r"\fICOMMAND\fR [\fIOPTION\fR]...",
        ".SH DESCRIPTION",
        _BEFORE.strip().replace("\n\n", "\n.PP\n").replace("-", r"\-"),
        ".SH OPTIONS",
        *_options(parser),
        ".TP",
        r"\fB\-\-config\fR \fIFILE\fR",
        f"Of every command: {_plain(CONFIG_HELP)}.",
        ".SH COMMANDS",
    ]
    for name, command in _commands(parser):
        lines += _command(f"{PROGRAM} {name}", command)
    return "\n".join(lines) + _AFTER


def _command(name: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    actions = list(_commands(parser))
    if not actions or _options_of(parser) or _arguments_of(parser):
        yield f".SS {_plain(name.removeprefix(f'{PROGRAM} '))}"
        yield _usage(name, parser)
        yield ".PP"
        yield _plain(parser.description or "")
        yield from _options(parser)
    for action, below in actions:
        yield from _command(f"{name} {action}", below)


def _usage(name: str, parser: argparse.ArgumentParser) -> str:
    words = [rf"\fB{_plain(name)}\fR"]
    if _options_of(parser):
        words.append(r"[\fIOPTION\fR]...")
    if any(True for _ in _commands(parser)):
        words.append(r"\fIACTION\fR")
    for argument in _arguments_of(parser):
        shown = rf"\fI{_plain(_metavar(argument))}\fR"
        if argument.nargs in ("?", "*"):
            shown = f"[{shown}]"
        words.append(f"{shown}..." if argument.nargs in ("*", "+") else shown)
    return " ".join(words)


def _options(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Arguments first, then options, each with its help."""
    for argument in (*_arguments_of(parser), *_options_of(parser)):
        names = ", ".join(rf"\fB{_plain(one)}\fR" for one in argument.option_strings)
        value = rf"\fI{_plain(_metavar(argument))}\fR" if argument.nargs != 0 else ""
        yield ".TP"
        yield " ".join(filter(None, (names, value)))
        yield _plain(_help(argument))


def _arguments_of(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    return [
        action
        for action in parser._actions  # noqa: SLF001, argparse shows its tree in no other way
        if not action.option_strings and not isinstance(action, argparse._SubParsersAction)  # noqa: SLF001, as above
    ]


def _options_of(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Those that are worth telling: not what every command has, and nothing that is hidden."""
    return [
        action
        for action in parser._actions  # noqa: SLF001, as above
        if action.option_strings and action.help != argparse.SUPPRESS and action.dest not in _EVERYWHERE
    ]


def _commands(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    for action in parser._actions:  # noqa: SLF001, as above
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001, as above
            yield from action.choices.items()


def _metavar(action: argparse.Action) -> str:
    if action.choices is not None:
        return "|".join(map(str, action.choices))
    if isinstance(action.metavar, str):
        return action.metavar
    return action.dest.replace("_", "-").upper()


def _help(action: argparse.Action) -> str:
    told = (action.help or "").replace("%%", "%")
    return told or f"the {action.dest.replace('_', ' ')}"


def _plain(told: str) -> str:
    """As roff shows it: a line that begins with a dot or a quote would be a command of it."""
    shown = told.replace("\\", r"\e").replace("-", r"\-")
    return re.sub(r"^(?=[.'])", r"\\&", shown, flags=re.MULTILINE)
