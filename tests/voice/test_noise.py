from __future__ import annotations

from hashlib import sha256
from statistics import NormalDist

import numpy as np

from hayakoe_daemon.voice import noise
from hayakoe_daemon.voice.noise import Noise, Purpose, sentence_seed

FIRST = [-0.20263808965682983, -0.8597993850708008, 0.7081075310707092]
WHOLE = "9120c7ae6722da877ca78b371f81a361ad993a0e37847e3fb1ac94319cc383e0"


def test_a_seed_gives_these_numbers_on_every_machine() -> None:
    """What was rendered once can be rendered again anywhere: a change here changes every seeded sentence."""
    numbers = Noise(20_261_121).normal(Purpose.SOUND, (1, 192, 870))
    assert numbers.dtype == np.float32
    assert numbers.flat[:3].tolist() == FIRST
    assert sha256(numbers.astype("<f4").tobytes()).hexdigest() == WHOLE
    assert sentence_seed(1, 2) == 0x8CE90A298A5EACA9D78548C15F2D64AB


def test_they_are_standard_normal() -> None:
    numbers = Noise(1).normal(Purpose.SOUND, (400_000,)).astype(np.float64)
    assert abs(numbers.mean()) < 0.01
    assert abs(numbers.std() - 1) < 0.01
    assert abs(np.mean(numbers**4) - 3) < 0.05
    assert abs(np.mean(np.abs(numbers) > 3) - 0.0027) < 0.0004


def test_each_bit_pattern_is_the_normal_number_of_its_share() -> None:
    bits = np.array([0, 1, 1000, 10**6, 2**27, 2**29, 2**31 - 1, 2**31, 3 * 10**9, 2**32 - 10, 2**32 - 1], np.uint32)
    expected = [NormalDist().inv_cdf((int(one) + 0.5) / 2**32) for one in bits]
    assert np.abs(noise._normal(bits) - expected).max() < 1e-14


def test_what_is_drawn_for_one_purpose_does_not_depend_on_the_other() -> None:
    one, other = Noise(7), Noise(7)
    one.normal(Purpose.DURATIONS, (1, 2, 11))
    assert np.array_equal(one.normal(Purpose.SOUND, (1, 4, 5)), other.normal(Purpose.SOUND, (1, 4, 5)))
    assert not np.array_equal(one.normal(Purpose.SOUND, (20,)), one.normal(Purpose.DURATIONS, (20,)))


def test_a_longer_sentence_begins_like_a_shorter_one() -> None:
    long = Noise(7).normal(Purpose.SOUND, (100_001,))
    assert np.array_equal(long[:33], Noise(7).normal(Purpose.SOUND, (33,)))


def test_seeds_and_sentences_differ() -> None:
    found = {sentence_seed(seed, sentence) for seed in range(20) for sentence in range(20)}
    assert len(found) == 400
    assert len({Noise(seed).normal(Purpose.SOUND, (4,)).tobytes() for seed in found}) == 400


def test_without_a_seed_it_is_another_each_time() -> None:
    one = Noise(None)
    assert np.array_equal(one.normal(Purpose.SOUND, (9,)), one.normal(Purpose.SOUND, (9,)))
    assert not np.array_equal(one.normal(Purpose.SOUND, (9,)), Noise(None).normal(Purpose.SOUND, (9,)))
