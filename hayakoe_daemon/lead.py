"""What sounds before the speech: a chime, a sound of the sound folder."""

from __future__ import annotations

import math
from pathlib import Path

from hayakoe_daemon.announcement import Announcement
from hayakoe_daemon.answer import Refused
from hayakoe_daemon.audio.chime import CHIMES, chime
from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.audio.sounds import SoundError, find_sound, load_sound

NO_FOLDER = "there is no sound folder: name one with audio.sounds_dir in the config"


INSTEAD = "alert"
"""The chime of an alarm whose sound is gone."""


class Lead:
    """Chimes by name and sounds from `folder`, which may change."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def refusal(self, announcement: Announcement) -> Refused | None:
        """Why it cannot be taken: it names a chime or a sound that does not exist."""
        if isinstance(announcement.chime, str) and announcement.chime not in CHIMES:
            known = ", ".join(CHIMES)
            return Refused("bad_field", f'There is no chime "{announcement.chime}"; there are {known}.', "chime")
        if announcement.sound is not None:
            try:
                find_sound(self._folder(), announcement.sound)
            except SoundError as error:
                return Refused("bad_field", f"{str(error)[0].upper()}{str(error)[1:]}.", "sound")
        return None

    def sounds(self, announcement: Announcement, chime_name: str | None) -> tuple[list[AudioChunk], list[str]]:
        """What sounds first, in order, and what could not be found."""
        sounds: list[AudioChunk] = []
        missing: list[str] = []
        if chime_name is not None:
            if chime_name in CHIMES:
                sounds.append(chime(chime_name))
            else:
                missing.append(f"there is no chime {chime_name}")
        if announcement.sound is not None:
            try:
                sound = load_sound(self._folder(), announcement.sound)
                sounds.extend([sound] * _times(sound, announcement.sound_for))
            except SoundError as error:
                missing.append(str(error))
        if missing and not sounds and announcement.source == "alarm":
            sounds.append(chime(INSTEAD))  # an alarm is never silent
        return sounds, missing

    def _folder(self) -> Path:
        if self.folder is None:
            raise SoundError(NO_FOLDER)
        return self.folder


def _times(sound: AudioChunk, seconds: float | None) -> int:
    """How often the sound is played to last that long."""
    return max(1, math.ceil((seconds or 0.0) / max(sound.seconds, 0.05)))
