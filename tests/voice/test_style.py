from __future__ import annotations

import numpy as np
import pytest

from hayakoe_daemon.voice.style import Styles

VECTORS = np.array([[1, 1], [3, 5]], np.float32)


def test_a_style_is_pulled_out_of_the_mean() -> None:
    styles = Styles(VECTORS, {"Neutral": 0, "Happy": 1})
    assert styles.names == ("Neutral", "Happy")
    assert styles.vector("Happy", 1.0).tolist() == [3, 5]
    assert styles.vector("Happy", 0.5).tolist() == [2, 3]
    assert styles.vector("Happy", 2.0).tolist() == [5, 9]
    assert styles.vector("Neutral", 3.0).tolist() == [1, 1]


@pytest.mark.parametrize("name", [None, "Grumpy"])
def test_no_style_and_an_unknown_one_are_the_default(name: str | None) -> None:
    assert Styles(VECTORS, {"Happy": 1, "Neutral": 0}).vector(name, 1.0).tolist() == [3, 5]


def test_a_voice_has_a_style() -> None:
    with pytest.raises(ValueError, match="one style at least"):
        Styles(VECTORS, {})
