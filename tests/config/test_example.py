"""config.example.yaml is what people copy: valid, complete, and true about the defaults."""

from __future__ import annotations

from pathlib import Path

from hayakoe_daemon.config import Config, Tls, load
from hayakoe_daemon.config.model import Section, Voice
from hayakoe_daemon.config.source import read

EXAMPLE = Path(__file__).parents[2] / "config.example.yaml"


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


def test_every_key_is_explained() -> None:
    """Above each key, or above its neighbours in one block, stands a comment."""
    blocks = EXAMPLE.read_text().split("\n\n")
    unexplained = [block for block in blocks if ":" in block and "#" not in block]

    assert unexplained == []
