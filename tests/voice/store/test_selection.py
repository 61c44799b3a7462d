"""Which files of a repository are fetched."""

from __future__ import annotations

import pytest

from hayakoe_daemon.voice.store.files import VoiceError
from hayakoe_daemon.voice.store.hub import HubAddress, parse_address
from hayakoe_daemon.voice.store.selection import Wanted, select

VOICE = ("config.json", "style_vectors.npy", "synthesizer.onnx", "duration_predictor.onnx")
HAYAKOE = (
    "README.md",
    "LICENSE",
    ".gitattributes",
    *(f"onnx/speakers/{name}/{file}" for name in ("miku", "rin") for file in VOICE),
    "pytorch/speakers/miku/config.json",
    "pytorch/speakers/miku/style_vectors.npy",
    "pytorch/speakers/miku/miku.safetensors",
    "onnx/bert/fp32/bert.onnx",
    "onnx/bert/q8/bert_q8.onnx",
    "onnx/bert/q8/bert_q8.onnx.data",
    "bert/tokenizer/vocab.txt",
    "bert/tokenizer/config.json",
)
PLAIN_BERT = ("model.onnx", "model_fp16.onnx", "model_fp16.onnx_data", "vocab.txt", "config.json", "README.md")


def test_a_whole_source() -> None:
    chosen = select(HAYAKOE, "", Wanted.BOTH)
    assert "onnx/speakers/rin/duration_predictor.onnx" in chosen
    assert [name for name in chosen if "bert" in name] == [
        "bert/tokenizer/config.json",
        "bert/tokenizer/vocab.txt",
        "onnx/bert/q8/bert_q8.onnx",
        "onnx/bert/q8/bert_q8.onnx.data",
    ]
    assert not any(name.endswith((".safetensors", ".md")) for name in chosen)


def test_one_voice_of_it_or_no_bert_or_only_that() -> None:
    assert select(HAYAKOE, "onnx/speakers/rin", Wanted.BOTH) == tuple(
        sorted(["LICENSE", *(f"onnx/speakers/rin/{file}" for file in VOICE)])
    )
    assert not any("bert" in name for name in select(HAYAKOE, "", Wanted.VOICES))
    assert select(HAYAKOE, "", Wanted.BERT)
    assert all("bert" in name for name in select(HAYAKOE, "", Wanted.BERT))


def test_a_bert_by_itself() -> None:
    with pytest.raises(VoiceError, match=r"the ONNX files are: model.onnx, model_fp16.onnx\. Name one"):
        select(PLAIN_BERT, "", Wanted.BERT)
    assert select(PLAIN_BERT, "model_fp16.onnx", Wanted.BERT) == (
        "config.json",
        "model_fp16.onnx",
        "model_fp16.onnx_data",
        "vocab.txt",
    )


def test_other_voices() -> None:
    assert select(("a.aivmx", "b/c.aivmx", "README.md"), "", Wanted.BOTH) == ("a.aivmx", "b/c.aivmx")
    assert select(("a.aivmx", "b/c.aivmx", "README.md"), "b/c.aivmx", Wanted.BOTH) == ("b/c.aivmx",)
    export = ("config.json", "style_vectors.npy", "miku.onnx", "LICENSE", "miku.safetensors")
    assert select(export, "", Wanted.BOTH) == ("LICENSE", "config.json", "miku.onnx", "style_vectors.npy")


def test_nothing_of_the_kind() -> None:
    with pytest.raises(VoiceError, match="there are no voices in it"):
        select(("README.md",), "", Wanted.VOICES)
    with pytest.raises(VoiceError, match="there is no onnx/speakers/len in it"):
        select(HAYAKOE, "onnx/speakers/len", Wanted.BOTH)


@pytest.mark.parametrize(
    ("address", "parsed"),
    [
        ("hf://me/voices", HubAddress("me/voices", None, "")),
        ("hf://me/voices@v1.0", HubAddress("me/voices", "v1.0", "")),
        ("hf://me/voices@refs%2Fpr%2F1/onnx/speakers/rin/", HubAddress("me/voices", "refs/pr/1", "onnx/speakers/rin")),
        ("hf://me/voices/a.aivmx", HubAddress("me/voices", None, "a.aivmx")),
    ],
)
def test_addresses(address: str, parsed: HubAddress) -> None:
    assert parse_address(address) == parsed


@pytest.mark.parametrize("address", ["hf://", "hf://me", "hf://me/", "hf://me/voices@", "hf:// me/voices"])
def test_no_addresses(address: str) -> None:
    with pytest.raises(VoiceError, match="is not an address"):
        parse_address(address)
