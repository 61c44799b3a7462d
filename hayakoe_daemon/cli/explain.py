"""`hayakoe-daemon explain`: what will be said, and why. No voice is loaded for it."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from typing import Any

from hayakoe_daemon.cli.drawing import drawn, rules_drawn
from hayakoe_daemon.cli.failure import Failure
from hayakoe_daemon.cli.settle import config_or_defaults
from hayakoe_daemon.config.places import dictionary_file
from hayakoe_daemon.reader import Reader
from hayakoe_daemon.text.explained import explained
from hayakoe_daemon.text.g2p import G2PError, read
from hayakoe_daemon.text.sentences import split
from hayakoe_daemon.text.tokenizer import Tokenizer, TokenizerError
from hayakoe_daemon.text.verbalize import Spoken, Step
from hayakoe_daemon.words import WordBook


def explain(given: argparse.Namespace) -> int:
    """0, and 1 where the text cannot be read; with --json always 0, an unreadable line has its error in it."""
    if given.json != (given.text is None):
        raise Failure('give a text, as in `explain "文"`, or --json and the texts on standard input, one a line')
    config = config_or_defaults(given)
    folder = given.tokenizer or config.speech.tokenizer
    try:
        tokenizer = None if folder is None else Tokenizer(folder)
    except TokenizerError as error:
        raise Failure(str(error)) from None
    reader = Reader(config.reading.rules, emoji_names=config.reading.emoji_names)
    WordBook(dictionary_file(config, os.environ), reader.teach, _warn).load()
    spoken = _verbatim if given.verbatim else reader.spoken
    if not given.json:
        return _show(given.text, spoken, tokenizer, verbatim=given.verbatim)
    for line in _lines():
        sys.stdout.buffer.write(_as_json(_document(line, spoken, tokenizer)))
        sys.stdout.buffer.flush()
    return 0


def _warn(message: str) -> None:
    print(f"warning: {message}", file=sys.stderr)


def _verbatim(text: str) -> Spoken:
    return Spoken(text, ())


def _show(text: str, spoken: Callable[[str], Spoken], tokenizer: Tokenizer | None, *, verbatim: bool) -> int:
    """Sentence by sentence, as it will be said, after the rules that fired; verbatim, all of it as it stands."""
    steps: list[Step] = []

    def say(part: str) -> str:
        result = spoken(part)
        steps.extend(result.steps)
        return result.text

    texts = [text] if verbatim else [utterance.text for utterance in split(text, say)]
    width = shutil.get_terminal_size((100, 24)).columns
    try:
        shown = [drawn(one, read(one), tokenizer, width) for one in texts if one]
    except G2PError as error:
        raise Failure(str(error)) from None
    if steps:
        shown.insert(0, rules_drawn(text, steps))
    print("\n\n".join(shown) if texts else "There is nothing to say.")
    return 0


def _lines() -> Iterator[bytes]:
    for line in sys.stdin.buffer:
        yield line.removesuffix(b"\n").removesuffix(b"\r")


def _document(line: bytes, spoken: Callable[[str], Spoken], tokenizer: Tokenizer | None) -> dict[str, Any]:
    """One line, taken whole."""
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        shown = line.decode(errors="replace")
        return {"text": shown, "error": f"the line is not UTF-8: byte {error.start + 1} does not belong there"}
    try:
        said = spoken(text)
        reading = read(said.text)
    except G2PError as error:
        return {"text": text, "error": str(error)}
    rules = [dataclasses.asdict(step) for step in said.steps]
    return {**explained(text, reading, tokenizer), "spoken": said.text, "rules": rules}


def _as_json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode() + b"\n"
