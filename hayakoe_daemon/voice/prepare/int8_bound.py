"""How far speech in 8 bits may be from the same in 32. Light to import: the config's figures become one of these."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bound:
    """Of all sentences that are judged, as one signal. ValueError where nothing could ever be within it."""

    snr: float = 30.0
    """dB, at least. At 30 the difference is a thousandth of the speech's power."""
    log_mel: float = 1.0
    """dB, root mean square over frames and bands, at most."""

    def __post_init__(self) -> None:
        if not self.log_mel > 0:
            raise ValueError(f"a log-mel distance of at most {self.log_mel:g} dB leaves nothing")
