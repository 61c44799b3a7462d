"""Text to the numbers that a character BERT reads, by the vocab.txt that lies beside its model."""

from __future__ import annotations

from pathlib import Path

_CLS, _SEP, _UNKNOWN = "[CLS]", "[SEP]", "[UNK]"


class TokenizerError(Exception):
    """The folder holds no vocabulary that can be used; the message says what is wrong with it."""


class Tokenizer:
    """One id for each character: the line of vocab.txt, counted from 0, on which it stands alone.

    `folder` holds vocab.txt. A tokenizer.json beside it is never read: the one that goes around splits words wrongly.
    Raises TokenizerError.
    """

    def __init__(self, folder: Path) -> None:
        file = folder / "vocab.txt"
        try:
            tokens = file.read_text(encoding="utf-8").removesuffix("\n").split("\n")
        except OSError as error:
            raise TokenizerError(
                f"cannot read {file}: {error.strerror}; name the folder of BERT's own files"
            ) from error
        except UnicodeDecodeError as error:
            raise TokenizerError(f"{file} is not UTF-8 text") from error
        self._ids = {token: number for number, token in enumerate(tokens)}
        missing = [token for token in (_CLS, _SEP, _UNKNOWN) if token not in self._ids]
        if missing:
            raise TokenizerError(f"{file} lacks {', '.join(missing)}: it is not the vocabulary of a BERT")

    def ids(self, text: str) -> tuple[int, ...]:
        """One for each character, between that of [CLS] and that of [SEP]; what is not in the vocabulary is [UNK]."""
        unknown = self._ids[_UNKNOWN]
        return (self._ids[_CLS], *(self._ids.get(character, unknown) for character in text), self._ids[_SEP])
