"""What an ONNX file says of itself, read without its weights: hundreds of megabytes need not pass to know a voice.

ONNX is one protobuf message, whose fields carry their own lengths; a file that was cut off ends in the middle of one.
Field numbers are those of onnx/onnx.proto3 (ModelProto, GraphProto, ValueInfoProto, TensorProto), wire types those of
the Protocol Buffers encoding.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from hayakoe_daemon.voice.store.files import VoiceError

_VARINT, _EIGHT_BYTES, _LENGTH, _FOUR_BYTES = 0, 1, 2, 5
_LONGEST_VARINT = 10


@dataclass(frozen=True, slots=True)
class GraphHead:
    """Names of the graph's inputs and outputs, its metadata map, and the files beside it that hold its weights."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    metadata: Mapping[str, str]
    weight_files: tuple[str, ...]
    """ONNX's external data, named relative to the folder of the graph; usually none."""


def read_head(path: Path) -> GraphHead:
    """Raises VoiceError where the file cannot be read, is no ONNX, or ends too early."""
    try:
        with path.open("rb") as file:
            return _head(file, os.fstat(file.fileno()).st_size)
    except OSError as error:
        raise VoiceError(f"cannot read {path}: {error.strerror}") from error
    except (_NotProtobuf, UnicodeDecodeError) as error:
        raise VoiceError(f"{path} is not a complete ONNX file: {error}. Copy or download it again.") from None


class _NotProtobuf(Exception):  # noqa: N818, becomes the words of a VoiceError
    pass


@dataclass(frozen=True, slots=True)
class _Field:
    """One field of a message: its number, and where in the file its value begins and ends."""

    number: int
    wire: int
    begin: int
    end: int


def _head(file: BinaryIO, size: int) -> GraphHead:
    graph: _Field | None = None
    metadata: dict[str, str] = {}
    for field in _fields(file, 0, size):
        if field.number == 7 and field.wire == _LENGTH:
            graph = field
        elif field.number == 14 and field.wire == _LENGTH:
            entry = _texts(file, field)
            metadata[entry.get(1, "")] = entry.get(2, "")
    if graph is None:
        raise _NotProtobuf("there is no graph in it")
    inputs: list[str] = []
    outputs: list[str] = []
    weights: set[str] = set()
    weight_files: set[str] = set()
    for field in _fields(file, graph.begin, graph.end):
        if field.number == 11:
            inputs.append(_texts(file, field).get(1, ""))
        elif field.number == 12:
            outputs.append(_texts(file, field).get(1, ""))
        elif field.number == 5:
            name, location = _tensor(file, field)
            weights.add(name)
            weight_files |= {location} - {""}
    if not outputs:
        raise _NotProtobuf("its graph has no outputs")
    # Before IR version 4 every weight was listed as an input too.
    asked = tuple(name for name in inputs if name not in weights)
    return GraphHead(asked, tuple(outputs), metadata, tuple(sorted(weight_files)))


def _fields(file: BinaryIO, begin: int, end: int) -> Iterator[_Field]:
    at = begin
    while at < end:
        file.seek(at)
        key, at = _varint(file, at)
        number, wire = key >> 3, key & 7
        value = at
        if wire == _VARINT:
            _, at = _varint(file, at)
        elif wire == _LENGTH:
            length, value = _varint(file, at)
            at = value + length
        elif wire in (_EIGHT_BYTES, _FOUR_BYTES):
            at += 8 if wire == _EIGHT_BYTES else 4
        else:
            raise _NotProtobuf(f"byte {value - 1} is none that ONNX has")
        if number == 0:
            raise _NotProtobuf(f"byte {value - 1} is none that ONNX has")
        if at > end:
            raise _NotProtobuf(f"it ends {at - end} bytes too early")
        yield _Field(number, wire, value, at)


def _varint(file: BinaryIO, at: int) -> tuple[int, int]:
    """The number at this place, seven bits a byte and the lowest first, and the place after it."""
    value = 0
    for position in range(_LONGEST_VARINT):
        byte = file.read(1)
        if not byte:
            raise _NotProtobuf("it ends in the middle of a number")
        value |= (byte[0] & 0x7F) << (7 * position)
        if byte[0] < 0x80:
            return value, at + position + 1
    raise _NotProtobuf(f"byte {at} begins a number that never ends")


def _texts(file: BinaryIO, message: _Field) -> dict[int, str]:
    """The strings among fields 1 and 2 of a small message."""
    found: dict[int, str] = {}
    for field in _fields(file, message.begin, message.end):
        if field.number in (1, 2) and field.wire == _LENGTH:
            file.seek(field.begin)
            try:
                found[field.number] = file.read(field.end - field.begin).decode()
            except UnicodeDecodeError:
                found[field.number] = ""  # field 2 of a ValueInfoProto is its type, no text
    return found


def _tensor(file: BinaryIO, message: _Field) -> tuple[str, str]:
    """The tensor's name, and the file that holds its values where they are not here, else nothing."""
    name, location = "", ""
    for field in _fields(file, message.begin, message.end):
        if field.number == 8 and field.wire == _LENGTH:
            file.seek(field.begin)
            name = file.read(field.end - field.begin).decode()
        elif field.number == 13 and field.wire == _LENGTH:
            entry = _texts(file, field)
            location = entry.get(2, "") if entry.get(1) == "location" else location
    return name, location
