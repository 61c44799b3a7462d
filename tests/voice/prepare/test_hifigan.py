"""A decoder of any shape: two parts are the whole, and ranges with the halos that it names are the whole as well."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hayakoe_daemon.voice.prepare.hifigan import Convolution, Floats, HifiGan, Stage, Unit, Upsampling
from hayakoe_daemon.voice.prepare.hifigan_write import Axes, write_decoder
from hayakoe_daemon.voice.prepare.prepared import Part
from hayakoe_daemon.voice.prepare.trying import run, session

INNER, CONDITION = 3, 2


class Weights:
    def __init__(self, seed: int) -> None:
        self._source = np.random.default_rng(seed)

    def __call__(self, *shape: int) -> Floats:
        """Of a size at which signals neither die away nor drive tanh to its ends."""
        return self._source.standard_normal(shape, np.float32) * np.float32(1.6 * np.prod(shape[1:]) ** -0.5)


def same(weights: Weights, channels: int, kernel: int, dilation: int = 1) -> Convolution:
    span = (kernel - 1) * dilation
    return Convolution(weights(channels, channels, kernel), weights(channels), (span // 2, span - span // 2), dilation)


def decoder(seed: int, strides: tuple[int, ...], kernels: tuple[int, ...], dilations: tuple[int, ...]) -> HifiGan:
    weights = Weights(seed)
    stages = []
    for number, stride in enumerate(strides):
        before, after = 8 >> number, 4 >> number
        kernel = 2 * stride
        pads = ((kernel - stride) // 2, kernel - stride - (kernel - stride) // 2)
        up = Upsampling(weights(before, after, kernel), weights(after), stride, pads)
        units = [
            tuple(
                Unit(((0.1, same(weights, after, kernel, one)), (0.2, same(weights, after, kernel))))
                for one in dilations
            )
            for kernel in kernels
        ]
        stages.append(Stage(0.1, up, tuple(units), 1 / len(kernels)))
    first = Convolution(weights(8, INNER, 5), weights(8), (2, 2))
    speaker = Convolution(weights(8, CONDITION, 1), weights(8))
    return HifiGan(first, speaker, tuple(stages), 0.01, Convolution(weights(1, 4 >> len(strides) - 1, 3), None, (1, 1)))


def inputs(frames: int) -> dict[str, Floats]:
    weights = Weights(99)
    return {"z": weights(1, INNER, frames), "g": weights(1, CONDITION, 1)}


@pytest.mark.parametrize("axes", Axes)
@pytest.mark.parametrize("cut", [1, 2])
def test_two_parts_are_the_whole(axes: Axes, cut: int) -> None:
    one = decoder(1, (4, 2), (3, 5), (1, 3))
    whole = run(session(write_decoder(one, Part.DECODER, cut, Axes.ONE)), inputs(20))["audio"]
    first = run(session(write_decoder(one, Part.DECODER_A, cut, axes)), inputs(20))
    assert first["h"].shape == (1, one.channels(cut), 20 * one.rate(cut))
    audio = run(session(write_decoder(one, Part.DECODER_B, cut, axes)), first)["audio"]
    assert audio.shape == (1, 1, 20 * one.hop_length)
    assert np.abs(whole).max() > 1e-2
    np.testing.assert_allclose(audio, whole, atol=1e-5)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1000),
    strides=st.sampled_from([(2,), (3, 2), (4, 2), (8, 2)]),
    kernels=st.lists(st.sampled_from([1, 3, 4, 7]), min_size=1, max_size=3).map(tuple),
    dilations=st.lists(st.integers(1, 5), min_size=1, max_size=2).map(tuple),
    frames=st.tuples(st.integers(0, 30), st.integers(1, 12)),
)
def test_a_range_with_its_halo_is_that_range_of_the_whole(
    seed: int, strides: tuple[int, ...], kernels: tuple[int, ...], dilations: tuple[int, ...], frames: tuple[int, int]
) -> None:
    begin, length = frames
    one = decoder(seed, strides, kernels, dilations)
    opened = session(write_decoder(one, Part.DECODER, 1, Axes.ONE))
    given_all = inputs(42)
    whole = run(opened, given_all)["audio"]
    halo = one.halos(1).decoder
    first, last = max(begin - halo, 0), min(begin + length + halo, 42)
    z = np.ascontiguousarray(given_all["z"][:, :, first:last])
    audio = run(opened, {"z": z, "g": given_all["g"]})["audio"]
    hop = one.hop_length
    expected = whole[:, :, begin * hop : (begin + length) * hop]
    np.testing.assert_allclose(audio[:, :, (begin - first) * hop :][:, :, : length * hop], expected, atol=1e-5)


def test_two_frames_less_of_halo_are_heard() -> None:
    """The halos are no wider than they have to be, but for rounding up."""
    one = decoder(2, (4, 2), (7,), (1, 5))
    opened = session(write_decoder(one, Part.DECODER, 1, Axes.ONE))
    given_all = inputs(60)
    whole = run(opened, given_all)["audio"]
    halo = one.halos(1).decoder - 2
    z = np.ascontiguousarray(given_all["z"][:, :, 30 - halo : 31 + halo])
    audio = run(opened, {"z": z, "g": given_all["g"]})["audio"][:, :, halo * 8 : (halo + 1) * 8]
    assert np.abs(audio - whole[:, :, 240:248]).max() > 1e-6
