"""A reading as a JSON document: all that a voice and its BERT are given, for people and for other programs."""

from __future__ import annotations

from typing import Any

from hayakoe_daemon.text.g2p import Reading
from hayakoe_daemon.text.tokenizer import Tokenizer


def explained(text: str, reading: Reading, tokenizer: Tokenizer | None = None) -> dict[str, Any]:
    """`spoken` is the text itself, reading rules are for the caller; `word2ph` has no blanks, the ids have them.

    `bert_ids` is there where there is a tokenizer.
    """
    phonemes = reading.phonemes()
    ids = phonemes.ids()
    document: dict[str, Any] = {
        "text": text,
        "spoken": text,
        "normalized": reading.normalized,
        "kana": reading.kana,
        "phones": phonemes.phones,
        "tones": phonemes.tones,
        "word2ph": phonemes.word2ph,
        "phone_ids": ids.phones,
        "tone_ids": ids.tones,
        "lang_ids": ids.languages,
        "bert_text": phonemes.text,
    }
    return document if tokenizer is None else {**document, "bert_ids": tokenizer.ids(phonemes.text)}
