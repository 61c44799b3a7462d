from __future__ import annotations

from pathlib import Path

import pytest

from hayakoe_daemon.audio.null import NullSink
from hayakoe_daemon.audio.open import check_spec, open_sink
from hayakoe_daemon.audio.wav import WavSink
from tests.fakecard import FakeCard


def test_instant_sinks(tmp_path: Path) -> None:
    assert isinstance(open_sink("null:"), NullSink)
    sink = open_sink(f"wav:{tmp_path}")
    assert isinstance(sink, WavSink)
    assert sink.name == f"wav:{tmp_path}"


def test_a_card(card: FakeCard) -> None:
    sink = open_sink("fakehw", environment=card.env)
    sink.begin("one")
    assert sink.name == "fakehw"
    sink.close()


@pytest.mark.parametrize(
    "spec", ["hw:CARD=Device,DEV=0", "hw:CARD=PCH", "default", "sysdefault:CARD=PCH", "my speaker"]
)
def test_what_may_name_a_device(spec: str) -> None:
    assert check_spec(spec) == spec


@pytest.mark.parametrize("spec", ["", " ", "wav:", "null:x", "hw:0,0", "hw:CARD=", "hw:CARD=a,DEV=x", "a\nb"])
def test_what_may_not(spec: str) -> None:
    with pytest.raises(ValueError, match="allowed are"):
        open_sink(spec)


def test_the_second_device_must_be_a_card(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="second device"):
        open_sink("default", second_device=f"wav:{tmp_path}")
