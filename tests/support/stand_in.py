"""A folder with the tiny voice and a BERT that is recognised, for whoever measures: `python -m ... FOLDER NAME`."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.support.voices import hayakoe_source, with_wide_bert


def stand_in(folder: Path, name: str) -> Path:
    """Laid out as a HayaKoe source."""
    return with_wide_bert(hayakoe_source(folder, name, real=True))


if __name__ == "__main__":
    stand_in(Path(sys.argv[1]), sys.argv[2])
