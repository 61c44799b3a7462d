from __future__ import annotations

from pathlib import Path

import pytest

from hayakoe_daemon.text.tokenizer import Tokenizer, TokenizerError


def test_one_id_for_each_character(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text("[PAD]\n[CLS]\n[SEP]\n[UNK]\n雨\n\u2028\nが\n雨が\n", encoding="utf-8")
    (tmp_path / "tokenizer.json").write_text("broken, and never read")
    tokenizer = Tokenizer(tmp_path)
    assert tokenizer.ids("雨が降る") == (1, 4, 6, 3, 3, 2)
    assert tokenizer.ids("") == (1, 2)
    assert tokenizer.ids("\u2028😀") == (1, 5, 3, 2)


@pytest.mark.parametrize("content", [None, b"", b"[CLS]\n[SEP]\n", b"\xff"])
def test_a_folder_without_a_vocabulary_is_a_typed_error(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "vocab.txt").write_bytes(content)
    with pytest.raises(TokenizerError, match=r"vocab\.txt"):
        Tokenizer(tmp_path)
