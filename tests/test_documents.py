"""The documents lead somewhere: links, anchors, commands, scripts, and what of a config they show."""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml

from hayakoe_daemon.cli.main import build_parser
from hayakoe_daemon.config.load import load
from hayakoe_daemon.config.model import Config

ROOT = Path(__file__).parents[1]
SKIPPED = {".venv", ".venv-peer", ".try", ".git", "node_modules", "dist"}
DOCUMENTS = [path for path in sorted(ROOT.rglob("*.md")) if not SKIPPED.intersection(path.relative_to(ROOT).parts)]
FOR_PEOPLE = [ROOT / "README.md", *sorted((ROOT / "deploy").rglob("*.md"))]
"""What tells people what to type."""

FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
SPAN = re.compile(r"`([^`]+)`")
COMMAND = re.compile(r"(?:^|[\s/$;|(])hayakoe-daemon ([a-z].*)")
SCRIPT = re.compile(r"(?:^|\s|\./)(deploy/[a-z0-9_-]+\.sh)((?: [^#&|;]*)?)")


def named(paths: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("document", paths, ids=lambda path: str(path.relative_to(ROOT)))


def prose(document: Path) -> str:
    """Without its code."""
    return SPAN.sub(lambda found: "x" * len(found[0]), FENCE.sub("", document.read_text(encoding="utf-8")))


def anchors(document: Path) -> set[str]:
    """As GitHub makes them of headings: small letters, hyphens for spaces, no other marks; the second has a number."""
    seen: Counter[str] = Counter()
    found = set()
    for heading in re.findall(r"^#{1,6} +(.+?) *$", FENCE.sub("", document.read_text(encoding="utf-8")), re.MULTILINE):
        slug = re.sub(r"[^\w\- ]", "", LINK.sub("]", heading).lower()).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return found


@named(DOCUMENTS)
def test_every_link_leads_somewhere(document: Path) -> None:
    astray = []
    for link in LINK.findall(prose(document)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            astray.append(link)
    assert astray == []


def code(document: Path) -> Iterator[str]:
    """Each line that shows something to type: of shell, and between backquotes."""
    text = document.read_text(encoding="utf-8")
    for language, block in FENCE.findall(text):
        if language in {"sh", "console"}:
            yield from block.replace("\\\n", " ").splitlines()
    for span in SPAN.findall(FENCE.sub("", text)):
        yield span.replace("\n", " ")


def subcommands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    return {
        name: one
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
        for name, one in action.choices.items()
    }


def unknown(line: str) -> Iterator[str]:
    """What of a line after `hayakoe-daemon` there is not: the command, what belongs to it, its options."""
    words = re.split(r" #| [|<>&]|;|\)", line)[0].split()
    parser = build_parser()
    while words and (choices := subcommands(parser)):
        if words[0] not in choices:
            yield words[0]
            return
        parser = choices[words.pop(0)]
    options = {word.split("=")[0] for word in words if word.startswith("--")}
    yield from options - set(parser._option_string_actions)


@named(FOR_PEOPLE)
def test_every_command_and_option_is_there(document: Path) -> None:
    lines = [found[1] for line in code(document) if (found := COMMAND.search(line))]
    assert {line: list(unknown(line)) for line in lines if list(unknown(line))} == {}


def test_a_command_that_is_not_there_is_found() -> None:
    assert list(unknown("alarms add x --time 06:45  # each day")) == []
    assert list(unknown("alarms ad x")) == ["ad"]
    assert list(unknown("voices list --verfy")) == ["--verfy"]
    assert list(unknown("speak x")) == ["speak"]


@named(FOR_PEOPLE)
def test_every_script_and_option_is_there(document: Path) -> None:
    missing = []
    for line in code(document):
        for script, rest in SCRIPT.findall(line):
            text = (ROOT / script).read_text(encoding="utf-8") if (ROOT / script).exists() else None
            options = re.findall(r"--[a-z-]+", rest)
            if text is None or any(option not in text for option in options):
                missing.append(line)
    assert missing == []


@named(FOR_PEOPLE)
def test_what_is_shown_of_a_config_is_valid(document: Path, tmp_path: Path) -> None:
    keys = set(Config.model_fields)
    shown = [block for language, block in FENCE.findall(document.read_text(encoding="utf-8")) if language == "yaml"]
    parsed = {block: yaml.safe_load(block) for block in shown}
    configs = [block for block, values in parsed.items() if isinstance(values, dict) and keys & set(values)]
    for number, block in enumerate(configs):
        path = tmp_path / f"{number}.yaml"
        path.write_text(block, encoding="utf-8")
        load(path)  # it says what is wrong with it
    assert configs or document != ROOT / "README.md"


def test_the_architecture_names_every_file() -> None:
    """By its name between backquotes; `bert` with `_read` is bert_read. A command's file is named by the command."""
    package = ROOT / "hayakoe_daemon"
    texts = [
        FENCE.sub("", (package / place).read_text(encoding="utf-8"))
        for place in ("README.md", "text/verbalize/README.md")
    ]
    named = {
        span.removesuffix(".py").rstrip("/").rpartition("/")[2] for text in texts for span in SPAN.findall(text)
    } | set(subcommands(build_parser()))
    endings = [name for name in named if name.startswith("_")]
    named |= {f"{name}{ending}" for name in list(named) for ending in endings}
    files = {path.stem for path in package.rglob("*.py") if not path.stem.startswith("__")}
    assert files - named == set()
