"""`hayakoe-daemon dictionary`: the user's words, by way of the daemon, or in their file where none runs."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Any

from hayakoe_daemon.answer import Refused, read_answer
from hayakoe_daemon.cli.failure import Failure
from hayakoe_daemon.cli.settle import config_of
from hayakoe_daemon.config.places import dictionary_file, find_control_socket, state_dir
from hayakoe_daemon.control import ControlError, NobodyThere, ask
from hayakoe_daemon.system.ownership import handed_over
from hayakoe_daemon.word_change import AddWord, Change, RemoveWord
from hayakoe_daemon.words import WordBook, WordsError


def run(given: argparse.Namespace) -> int:
    if given.action == "list":
        return _list(given)
    fields: dict[str, Any] = {"word": given.word}
    change: Change = RemoveWord(given.word)
    if given.action == "add":
        fields |= {"reading": given.reading, "accent": given.accent}
        change = AddWord(given.word, given.reading, given.accent)
    try:
        answer = read_answer(_asked(given, f"dictionary/{given.action}", json.dumps(fields, ensure_ascii=False)))
    except NobodyThere:
        _change_file(given, change)
        return 0
    if isinstance(answer, Refused):
        raise Failure(answer.message)
    return 0


def _asked(given: argparse.Namespace, topic: str, payload: str = "") -> dict[str, Any]:
    """The daemon's one line. Raises Failure, NobodyThere."""
    config, _ = config_of(given)
    try:
        return next(iter(ask(find_control_socket(config, os.environ), {"topic": topic, "payload": payload})))
    except NobodyThere:
        raise
    except ControlError as error:
        raise Failure(str(error)) from None


def _book(given: argparse.Namespace) -> WordBook:
    config, _ = config_of(given)
    book = WordBook(
        dictionary_file(config, os.environ),
        lambda _: None,
        lambda message: print(f"warning: {message}", file=sys.stderr),
    )
    book.load()
    return book


def _change_file(given: argparse.Namespace, change: Change) -> None:
    config, _ = config_of(given)
    with handed_over(state_dir(config, os.environ), dictionary_file(config, os.environ)):
        try:
            if not _book(given).change(change):
                raise Failure(f'there is no word "{change.word}" in the dictionary')
        except WordsError as error:
            raise Failure(str(error)) from None
    print("No daemon runs; it is in the file, for when one is started.")


def _list(given: argparse.Namespace) -> int:
    try:
        found = _asked(given, "dictionary")
    except NobodyThere:
        found = _book(given).document()
    if given.json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
        return 0
    if "unreadable" in found:
        print(f"warning: {found['unreadable']}", file=sys.stderr)
    for one in found["words"]:
        print(f"{one['word']}  {one['reading']}  {one['accent']}")
    for one in found["set_aside"]:
        print(f"set aside: {one['reason']}")
    if not found["words"] and not found["set_aside"] and "unreadable" not in found:
        print("There are no words yet: `hayakoe-daemon dictionary add 早声 ハヤコエ --accent 2`")
    return 0
