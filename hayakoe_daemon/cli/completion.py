"""`hayakoe-daemon completion bash`: what makes a shell complete the commands, printed."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from hayakoe_daemon.cli.failure import Failure
from hayakoe_daemon.cli.main import build_parser
from hayakoe_daemon.typed import installing


def completion(given: argparse.Namespace) -> int:
    """0 when it was printed."""
    try:
        import shtab  # noqa: PLC0415, an extra
    except ImportError:
        raise Failure(f"the package shtab makes it and is not there: {installing('completion')}") from None
    parser = build_parser()
    for action in _actions(parser):
        if action.type is Path:
            # It is shtab's own way to be told so.
            action.complete = shtab.DIRECTORY if action.metavar == "DIR" else shtab.FILE  # type: ignore[attr-defined]
    print(shtab.complete(parser, given.shell))
    return 0


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Of the parser and of all below it."""
    for action in parser._actions:  # noqa: SLF001, argparse shows its tree in no other way
        yield action
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001, as above
            for below in action.choices.values():
                yield from _actions(below)
