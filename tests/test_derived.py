from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hayakoe_daemon.audio import open as audio_open
from hayakoe_daemon.config.model import Config
from hayakoe_daemon.derived import sink, voice_plan, zone
from hayakoe_daemon.voice.cuda.card import GpuMemory
from hayakoe_daemon.voice.device import Device
from hayakoe_daemon.voice.prepare.int8_bound import Bound
from hayakoe_daemon.voice.prepare.order import Precise, Wanted
from hayakoe_daemon.voice.warmth import Warmth


def test_what_the_config_wishes_of_each_voice() -> None:
    voices = {"precision": "auto", "int8_snr": 25, "keep_warm": "lazy", "settings": {"alpha": {"precision": "fp32"}}}
    plan = voice_plan(Config.model_validate({"state_dir": Path("/state"), "voices": voices}), {})
    assert plan.precise("alpha") == Precise(Wanted.FP32, Bound(25, 1))
    assert plan.precise("beta") == Precise(Wanted.AUTO, Bound(25, 1))
    assert (plan.warmth, plan.prepare, plan.prepared) == (Warmth.LAZY, True, Path("/state/prepared"))
    assert plan.manual("beta").precise.wanted is Wanted.AUTO
    assert (plan.manual("beta").device, plan.manual("beta").gpu_memory) == (Device.CPU, GpuMemory.RESIDENT)


def test_voices_on_a_graphics_card() -> None:
    config = Config.model_validate({"voices": {"device": "cuda", "gpu_memory": "offload"}})
    manual = voice_plan(config, {}).manual("alpha")
    assert (manual.device, manual.gpu_memory) == (Device.CUDA, GpuMemory.OFFLOAD)


SPECS = st.one_of(
    st.sampled_from(["default", "null:", "null:x", "wav:", "wav:heard", "hw:0,0", "hw:CARD=USB", "hw:CARD=a b"]),
    st.from_regex(r"(?:null:|wav:|hw:CARD=)?[\x00-\x7f]{0,5}", fullmatch=True),
    st.text(max_size=5),
)


@given(device=SPECS, second=st.none() | SPECS)
def test_there_is_a_sink_for_every_device_that_the_config_may_name(device: str, second: str | None) -> None:
    """Else the daemon would not start, after `check-config` found nothing wrong."""
    try:
        config = Config.model_validate({"audio": {"device": device, "second_device": second}})
    except ValidationError:
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audio_open, "AlsaSink", lambda *_, **__: None)  # it starts a player
        sink(config.audio)


@pytest.mark.parametrize(
    ("quiet", "told"), [({"hours": ["22:00-06:00"]}, ["config: alarms and quiet hours go by UTC"]), ({}, [])]
)
def test_where_no_time_zone_can_be_read_whoever_goes_by_one_is_told(quiet: dict[str, object], told: list[str]) -> None:
    config = Config.model_validate({"quiet": quiet}).model_copy(update={"time_zone": "Asia/Nowhere"})
    troubles: list[str] = []
    found = zone(config, lambda code, message: troubles.append(f"{code}: {message.partition(': ')[0]}"))
    assert (found.key, troubles) == ("UTC", told)
