"""Parts that take seconds to load, once for all tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hayakoe_daemon.voice.bert import Bert
from hayakoe_daemon.voice.vits import WholeSynthesizer
from tests.support import voices


@pytest.fixture(scope="session")
def bert() -> Bert:
    """The tiny one, quantized."""
    return Bert(voices.bert_files())


@pytest.fixture(scope="session")
def real_synthesizer() -> Iterator[WholeSynthesizer]:
    """The tiny voice with the real architecture. Do not close it."""
    synthesizer = WholeSynthesizer(voices.voice_files(real=True))
    yield synthesizer
    synthesizer.close()
