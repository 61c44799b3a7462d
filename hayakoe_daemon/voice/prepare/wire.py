"""The Protocol Buffers encoding, as far as a graph's file needs it: fields found in a mapped file, fields written.

https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator


def fields(file: mmap.mmap, at: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Each field of a message: its number, where it starts, where its value begins and where that ends."""
    while at < end:
        start = at
        key, at = _read_varint(file, at)
        wire = key & 7
        begin = at
        if wire == 0:
            _, at = _read_varint(file, at)
        elif wire == 2:
            length, begin = _read_varint(file, at)
            at = begin + length
        elif wire in (1, 5):
            at += 8 if wire == 1 else 4
        else:
            raise ValueError(f"byte {start} begins no field")
        if at > end:
            raise ValueError("it ends too early")
        yield key >> 3, start, begin, at


def _read_varint(file: mmap.mmap, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = file[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number: int, value: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(value)) + value
