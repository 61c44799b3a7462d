"""How much memory the daemon takes."""

from __future__ import annotations

import resource
from pathlib import Path


def resident_mib() -> int:
    """Of this process, in MiB of 2^20 bytes; see statm in proc(5)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() >> 20
