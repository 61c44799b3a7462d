"""config.example.yaml is what people copy: valid, complete, and true about the defaults."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from hayakoe_daemon.audio.sounds import SoundError, load_sound
from hayakoe_daemon.config import Config, Tls, load
from hayakoe_daemon.config.model import Section, Voice
from hayakoe_daemon.config.source import read
from hayakoe_daemon.durations import written
from hayakoe_daemon.schedule.sources.fields import KINDS, SourceFields

EXAMPLE = Path(__file__).parents[2] / "config.example.yaml"

GIVEN = {"mqtt": "a/b", "file": "a", "command": "a"}
"""What makes a source of that kind; else an address does."""


def keys(model: type[Section], above: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    found = set()
    for name, field in model.model_fields.items():
        found.add((*above, name))
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            found |= keys(field.annotation, (*above, name))
    return found


def test_its_values_are_the_defaults() -> None:
    assert load(EXAMPLE) == Config()


def test_every_key_stands_in_it() -> None:
    assert set(read(EXAMPLE).lines) == keys(Config)


def test_the_tls_example_names_every_key() -> None:
    text = EXAMPLE.read_text()

    assert all(f"#     {name}:" in text for name in Tls.model_fields)


def test_the_example_of_a_voice_names_every_key() -> None:
    text = EXAMPLE.read_text()

    assert all(f"#       {name}:" in text for name in Voice.model_fields)


@pytest.mark.parametrize("kind", KINDS)
def test_it_says_how_old_each_source_may_be_and_how_often_it_is_asked(kind: str) -> None:
    text = EXAMPLE.read_text()
    source = SourceFields.model_validate({kind: GIVEN.get(kind, "https://example.org/a")})
    for key, length in (("max_age", source.good_for), ("refresh", source.refreshed_every)):
        (told,) = re.findall(rf"^#     {key}: .*; (.*(?:\n# {{8,}}# .*)*)", text, re.MULTILINE)
        if math.isfinite(length):
            assert re.search(rf"{written(length)} (?:for )?(?:\w+ and )?{kind}\b", told), (key, told)


def test_it_says_what_a_sound_may_be(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    with pytest.raises(SoundError) as caught:
        load_sound(tmp_path, "a")
    kinds = re.findall(r"\b[A-Z]{3,4}\b", str(caught.value))
    (told,) = re.findall(r"a file in audio.sounds_dir: (.*)", EXAMPLE.read_text())
    assert kinds
    assert re.findall(r"[A-Z]+", told) == kinds


def test_every_key_is_explained() -> None:
    """Above each key, or above its neighbours in one block, stands a comment."""
    blocks = EXAMPLE.read_text().split("\n\n")
    unexplained = [block for block in blocks if ":" in block and "#" not in block]

    assert unexplained == []
