"""The BERT as it was prepared: weights mapped, one sentence at its exact length, relative positions by the table.

A prepared folder holds bert.onnx, bert.weights and bert.json. In the form `clean` the graph is that of
`voice.prepare.bert_write`, in the form `batched` that of `bert_batch_write`; in the form `whole` it is the export
itself, optimised, with its own inputs.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hayakoe_daemon.system.durable import write_durably
from hayakoe_daemon.text.tokenizer import Tokenizer
from hayakoe_daemon.voice.device import Device
from hayakoe_daemon.voice.engine import EngineError
from hayakoe_daemon.voice.prepare.errors import PreparationError
from hayakoe_daemon.voice.prepare.prepared import graph_path, part_bytes

PART = "bert"
MANIFEST = "bert.json"
FORMAT = 1
"""Raised when the manifest or the graph's inputs change."""

Floats = npt.NDArray[np.float32]
Wholes = npt.NDArray[np.int64] | npt.NDArray[np.int32]

Fill = tuple[str, int]
"""What an input of an export is given: "ids", "ones" or "zeros", and its rank."""


class Form(StrEnum):
    CLEAN = "clean"
    BATCHED = "batched"
    """For a graphics card: `voice.prepared_bert_batch` feeds it."""
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class PreparedBertFiles:
    """What a prepared folder holds.

    `rows` is the table of relative positions, 2 * longest - 1 of them, none in `whole`; `fills` says in `whole` what
    each input of the export is given.
    """

    folder: Path
    key: str
    form: Form
    hidden: int
    size: int
    """Bytes of graph and weights."""
    rows: tuple[int, ...] = ()
    fills: Mapping[str, Fill] | None = None
    note: str = ""
    """How far the rewrite is from the export, or why there is none."""
    device: Device = Device.CPU
    """Where it is to compute: the processor, in the form `whole`, also where another device was asked for."""
    half: bool = False
    """True where it computes in float16; its features are float32 all the same."""

    def __post_init__(self) -> None:
        if (self.form is not Form.WHOLE) != (len(self.rows) % 2 == 1) or (self.form is Form.WHOLE) != bool(self.fills):
            raise ValueError(f"a table of {len(self.rows)} positions in the form {self.form}")

    @property
    def graph(self) -> Path:
        return graph_path(self.folder, PART)

    @property
    def longest(self) -> int:
        """Tokens that one sentence may have."""
        return (len(self.rows) + 1) // 2 if self.rows else 512

    def write(self) -> None:
        """The manifest, as the last file of the folder, and on the disk when this returns."""
        plain = {k: v for k, v in asdict(self).items() if k != "folder"} | {"format": FORMAT}
        write_durably(self.folder / MANIFEST, json.dumps(plain, ensure_ascii=False).encode())

    @classmethod
    def read(cls, folder: Path) -> PreparedBertFiles:
        """Raises PreparationError where the folder is incomplete or from another version of this program."""
        try:
            told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            if told.pop("format") != FORMAT:
                raise PreparationError(f"{folder} was prepared by another version of hayakoe-daemon; prepare it again")
            told["form"], told["rows"] = Form(told["form"]), tuple(told["rows"])
            told["device"] = Device(told.get("device", Device.CPU))
            files = cls(folder=folder, **told)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise PreparationError(f"{folder} is not a complete prepared BERT ({error}); prepare it again") from error
        found = part_bytes(folder, PART)
        if found != files.size:
            raise PreparationError(f"{files.graph}: {found} bytes where {files.size} were written; prepare it again")
        return files


class PreparedBert:
    """Any thread may ask for features, also at once. Raises EngineError where it cannot be opened."""

    def __init__(self, files: PreparedBertFiles, threads: int) -> None:
        from hayakoe_daemon.voice.prepare.mapped import open_mapped  # noqa: PLC0415, onnxruntime is heavy

        self._files = files
        try:
            self._session = open_mapped(files.graph, threads)
        except Exception as error:  # onnxruntime raises what it likes
            raise EngineError(f"{files.graph} cannot be opened: {' '.join(str(error).split())[:200]}") from error
        self._rows = np.asarray(files.rows, np.int32)

    @property
    def hidden(self) -> int:
        """Features of a token: 1024 in the BERT that all published voices share."""
        return self._files.hidden

    def features(self, ids: Sequence[int]) -> Floats:
        """float32 (tokens, hidden), finite, for the tokens of one sentence, [CLS] and [SEP] included.

        Raises EngineError: more tokens than the model has positions for, none, or a run that failed.
        """
        if not 0 < len(ids) <= self._files.longest:
            raise EngineError(f"{len(ids)} tokens, where BERT reads 1 to {self._files.longest} at once")
        tokens = np.asarray(ids, np.int64)
        given = (
            positions(self._rows, tokens) if self._files.form is Form.CLEAN else fed(self._files.fills or {}, tokens)
        )
        try:
            found: Floats = self._session.run(None, given)[0]
        except Exception as error:  # onnxruntime raises what it likes
            raise EngineError(f"BERT failed on {len(ids)} tokens: {' '.join(str(error).split())[:200]}") from error
        if not np.isfinite(found).all():
            raise EngineError("BERT gave features that are not numbers (NaN or infinite)")
        return found.reshape(-1, self._files.hidden)

    def close(self) -> None:
        del self._session


class ReadingBert:
    """A prepared BERT with its vocabulary, as voices share it; threads as with PreparedBert.

    Raises EngineError where it cannot be opened, TokenizerError where `tokenizer` is no folder of a vocabulary.
    """

    def __init__(self, files: PreparedBertFiles, tokenizer: Path) -> None:
        self.tokenizer = Tokenizer(tokenizer)
        self._bert = PreparedBert(files, len(os.sched_getaffinity(0)))

    def features(
        self,
        token_ids: Sequence[int],
        then: Iterable[Sequence[int]] = (),  # noqa: ARG002, in 8 bits a batch would also change each row's scale
    ) -> Floats:
        """As PreparedBert gives them."""
        return self._bert.features(token_ids)

    def close(self) -> None:
        self._bert.close()


def positions(rows: npt.NDArray[np.int32], ids: npt.NDArray[np.int64]) -> dict[str, Wholes]:
    """What the clean graph is fed: tokens (n,), and where in the table of all distances theirs are.

    Twenty microseconds for an ordinary sentence, so nothing is kept.
    """
    centre, count = len(rows) // 2, len(ids)
    reach = rows[centre - count + 1 : centre + count]
    first = reach[0]
    # Row i of the pairs goes backwards from distance i: a view of the reach, one step further on for each row.
    pairs = np.lib.stride_tricks.sliding_window_view(reach[::-1], count)[::-1]
    return {
        "ids": ids,
        "first": np.array([first], np.int64),
        "last": np.array([reach[-1] + 1], np.int64),
        "rows": pairs - first,
    }


def fed(fills: Mapping[str, Fill], ids: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[np.int64]]:
    """What an export is fed for the tokens (n,) of one sentence: a batch of one, nothing masked, no second part."""
    filled = {"ids": ids, "ones": np.ones_like(ids), "zeros": np.zeros_like(ids)}
    return {name: filled[kind].reshape((1,) * (rank - 1) + (-1,)) for name, (kind, rank) in fills.items()}
