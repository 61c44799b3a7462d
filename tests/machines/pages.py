"""Which libraries cannot be loaded where memory pages have 16 KiB, as in the kernel of a Raspberry Pi 5.

usage: python -m tests.machines.pages FOLDER...

The loader maps the segments of an ELF file page by page: each must be aligned to that size, in its address as in its
place in the file. Debian and most wheels align to 64 KiB on arm64. Exit status 1 where one does not, or none was found.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

PAGE = 16 << 10

_LOAD = 1
_AARCH64 = 183
_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SEGMENT = struct.Struct("<IIQQQQQQ")


def libraries(folders: Iterable[Path]) -> Iterator[Path]:
    """Shared libraries for arm64, each once however many links there are to it."""
    found = {path.resolve() for folder in folders for path in folder.rglob("*.so*") if path.is_file()}
    for path in sorted(found):
        with path.open("rb") as file:
            head = file.read(_HEADER.size)
        if head[:4] == b"\x7fELF" and len(head) == _HEADER.size and _HEADER.unpack(head)[2] == _AARCH64:
            yield path


def fits(library: bytes, page: int = PAGE) -> bool:
    """Whether its segments can be mapped in pages of so many bytes."""
    _, _, _, _, _, table, _, _, _, size, count, *_ = _HEADER.unpack_from(library)
    for number in range(count):
        kind, _, offset, address, _, _, _, align = _SEGMENT.unpack_from(library, table + number * size)
        if kind == _LOAD and (align % page or (address - offset) % page):
            return False
    return True


def main(folders: list[Path]) -> int:
    found = list(libraries(folders))
    unfit = [path for path in found if not fits(path.read_bytes())]
    for path in unfit:
        print(f"{path}: its segments cannot be mapped in pages of 16 KiB")
    print(f"{len(found) - len(unfit)} of {len(found)} libraries can be loaded in pages of 16 KiB")
    return 1 if unfit or not found else 0


if __name__ == "__main__":
    sys.exit(main([Path(folder) for folder in sys.argv[1:]]))
