"""The full-size BERT, where there is one: HAYAKOE_MODELS names a folder with onnx/bert/{fp32/bert,q8/bert_q8}.onnx."""

from __future__ import annotations

import os
from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
import pytest

from hayakoe_daemon.text.tokenizer import Tokenizer
from hayakoe_daemon.voice.device import Device
from hayakoe_daemon.voice.prepare.bert import prepare_bert
from hayakoe_daemon.voice.prepare.bert_batch import features_of, memory_needed, prepare_batched_bert
from hayakoe_daemon.voice.prepare.distance import snr
from hayakoe_daemon.voice.prepare.job import BertJob
from hayakoe_daemon.voice.prepare.process import Preparation
from hayakoe_daemon.voice.prepare.quantize import quantize
from hayakoe_daemon.voice.prepare.quantize_kind import Kind
from hayakoe_daemon.voice.prepared_bert import Form, PreparedBert, PreparedBertFiles

MODELS = Path(os.environ.get("HAYAKOE_MODELS", "nowhere"))
FP32, Q8 = MODELS / "onnx/bert/fp32/bert.onnx", MODELS / "onnx/bert/q8/bert_q8.onnx"

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not FP32.exists() or not Q8.exists(), reason="HAYAKOE_MODELS names no full-size BERT"),
]

WHEN = ("今日は", "明日の朝、", "まもなく", "三分前に", "日曜日の午後、おじいさんが")
WHAT = (
    "雨です。",
    "お風呂が沸きました。",
    "燃えるごみを、いつもの場所へ出してください！",
    "玄関のドアが開いたままになっています。確かめてください。",
    "駅まで迎えに来てほしいそうですが、誰か行けますか？",
    "地震がありました。この地震による津波の心配はありません。今後の情報に注意してください。",
    "洗濯機が止まりました。",
    "気温は二十五度、湿度は六十パーセントになるでしょう。",
    "「ありがとう」と言っていました…",
    "宅配便が届きました。荷物は三つあります。",
)
SENTENCES = ["".join(pair) for pair in product(WHEN, WHAT)]


def exported(model: Path, ids: list[tuple[int, ...]]) -> npt.NDArray[np.float32]:
    session = ort.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    ones = [np.ones((1, len(one)), np.int64) for one in ids]
    found = [
        session.run(None, {"input_ids": np.array([one]), "attention_mask": mask})[0][0]
        for one, mask in zip(ids, ones, strict=True)
    ]
    return np.concatenate(found)


def prepared(model: Path, folder: Path, ids: list[tuple[int, ...]]) -> npt.NDArray[np.float32]:
    folder.mkdir()
    prepare_bert(model, folder, "key", ids[:3])
    files = PreparedBertFiles.read(folder)
    assert files.form is Form.CLEAN
    bert = PreparedBert(files, threads=2)
    found = np.concatenate([bert.features(one) for one in ids])
    bert.close()
    return found


def test_50_sentences(tmp_path: Path) -> None:
    """The issue's bound: not more than 0.5 dB below the original Q8's SNR against FP32."""
    assert len(SENTENCES) == 50
    tokenizer = Tokenizer(MODELS / "bert/tokenizer")
    ids = [tokenizer.ids(text) for text in SENTENCES]
    truth = exported(FP32, ids)
    of_q8 = snr(truth, exported(Q8, ids))
    of_ours = snr(truth, prepared(Q8, tmp_path / "q8", ids))
    assert of_ours > of_q8 - 0.5
    per_column = tmp_path / "per_column.onnx"
    quantize(FP32, per_column, Kind.Q8)
    of_columns = snr(truth, prepared(per_column, tmp_path / "columns", ids))
    assert of_columns > of_q8 + 1
    np.testing.assert_allclose(prepared(FP32, tmp_path / "fp32", ids), truth, atol=1e-4)
    print(f"\nSNR against FP32: Q8 as it was {of_q8:.2f} dB, prepared {of_ours:.2f}, by column {of_columns:.2f}")  # noqa: T201, with -s


def test_50_sentences_for_a_card_from_floats_and_from_8_bits(tmp_path: Path) -> None:
    """Ten at once, as a card would round them: from floats nearer than Q8 by far, from 8 bits no farther than Q8."""
    tokenizer = Tokenizer(MODELS / "bert/tokenizer")
    ids = [tokenizer.ids(text) for text in SENTENCES]
    truth = exported(FP32, ids)

    def near(model: Path) -> float:
        folder = tmp_path / model.stem
        folder.mkdir()
        job = BertJob(model, MODELS / "bert/tokenizer", tmp_path, device=Device.CUDA)
        files = prepare_batched_bert(job, folder, "key", ids[:3])
        assert (files.form, files.half) == (Form.BATCHED, True)
        found = [one for first in range(0, 50, 10) for one in features_of(files, ids[first : first + 10])]
        return snr(truth, np.concatenate(found))

    of_floats, of_8_bits, of_q8 = near(FP32), near(Q8), snr(truth, exported(Q8, ids))
    assert of_floats > 40
    assert of_8_bits > of_q8 - 0.5
    print(f"\nSNR against FP32: float16 {of_floats:.2f} dB, from Q8 {of_8_bits:.2f}, Q8 itself {of_q8:.2f}")  # noqa: T201, with -s


@pytest.mark.parametrize("model", [FP32, Q8])
def test_it_is_prepared_for_a_card_in_less_than_2_gb(model: Path, tmp_path: Path) -> None:
    """And in no more than is asked for beforehand."""
    work = Preparation(BertJob(model, MODELS / "bert/tokenizer", tmp_path, device=Device.CUDA))
    work.start()
    done = work.wait(600)
    assert done.peak < 2_000_000_000
    assert 0.7 < done.peak / memory_needed(model) <= 1
    files = PreparedBertFiles.read(Path(done.folder))
    assert files.half
    print(f"\n{model.name}: {done.peak / 1e6:.0f} MB, asked for {memory_needed(model) / 1e6:.0f}")  # noqa: T201, with -s
