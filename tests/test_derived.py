from __future__ import annotations

from pathlib import Path

from hayakoe_daemon.config.model import Config
from hayakoe_daemon.derived import voice_plan
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
