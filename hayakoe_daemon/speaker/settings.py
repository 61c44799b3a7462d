"""How the daemon speaks right now: the config with its overrides, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from hayakoe_daemon.announcement import Announcement, Priority
from hayakoe_daemon.audio.level import TARGET, gain_to, volume_gain
from hayakoe_daemon.voice.cache.keep import Keep
from hayakoe_daemon.voice.engine import Manner
from hayakoe_daemon.voice.ladder import Wish


@dataclass(frozen=True, slots=True)
class Settings:
    """What an announcement does not say itself. Read for each announcement, the volume for each piece of sound."""

    voice: str
    style: str | None
    style_weight: float | None
    length_scale: float
    volume: int
    loudness: float
    """LUFS that a message at volume 100 has."""
    mute: bool
    mute_spares_urgent: bool
    alarms_obey_mute: bool
    chime: bool | str
    default_chime: str
    resume_limit: float
    low_waits: float
    patience: float
    """Seconds to its first sound that an announcement waits for its voice."""
    urgent_patience: float
    gapless: bool = False

    def wish(self, announcement: Announcement) -> Wish:
        """Who is to say it, and how. The style is that of the voice that is set: another one has styles of its own."""
        ours = announcement.voice in (None, self.voice)
        style, weight = (self.style, self.style_weight) if ours else (None, None)
        manner = Manner(
            style=announcement.style if announcement.style is not None else style,
            style_weight=announcement.style_weight if announcement.style_weight is not None else weight,
            length_scale=announcement.length_scale or self.length_scale,
            sdp_ratio=announcement.sdp_ratio,
            noise_scale=announcement.noise_scale,
            noise_scale_w=announcement.noise_scale_w,
            pitch_scale=announcement.pitch_scale,
            intonation_scale=announcement.intonation_scale,
            seed=None if announcement.seed == "random" else announcement.seed,
            keep=Keep.NEVER if announcement.seed == "random" else Keep.NORMAL,
        )
        urgent = announcement.priority is Priority.URGENT
        patience = self.urgent_patience if urgent else self.patience
        return Wish(announcement.voice, self.voice, manner, patience)

    def gain(self, announcement: Announcement, elapsed: float = 0.0) -> float:
        """The factor for sound that was evened to level.TARGET, `elapsed` seconds after its beginning."""
        volume: float = self.volume if announcement.volume is None else announcement.volume
        if announcement.ramp_from is not None and announcement.ramp_at + elapsed < announcement.ramp_over:
            risen = (announcement.ramp_at + elapsed) / announcement.ramp_over
            volume = announcement.ramp_from + (volume - announcement.ramp_from) * risen
        return volume_gain(volume) * gain_to(self.loudness, TARGET)

    def muted(self, announcement: Announcement) -> bool:
        urgent = self.mute_spares_urgent and announcement.priority is Priority.URGENT
        alarm = not self.alarms_obey_mute and announcement.source == "alarm"
        return self.mute and not urgent and not alarm

    def chime_of(self, announcement: Announcement, *, speech: bool = True) -> str | None:
        """The name of the chime before it, if any. An alarm of which nothing can be said (a text of emoji) and that has
        no sound either has one in any case: it is never silent."""
        chime = self.chime if announcement.chime is None else announcement.chime
        silent = not speech and announcement.sound is None
        if chime is True or (silent and not chime and announcement.source == "alarm"):
            return self.default_chime
        return chime or None
