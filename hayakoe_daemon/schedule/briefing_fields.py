"""The fields of a briefing as people write them in the config."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from hayakoe_daemon.announcement import MAX_TEXT, Announcement, Priority
from hayakoe_daemon.fields.kinds import (
    NAME_ALLOWED,
    STYLE_ALLOWED,
    VOLUME_ALLOWED,
    FileName,
    Name,
    Style,
    Volume,
    speakable,
)

SOURCE = "briefing"


class BriefingFields(BaseModel):
    """The description of a field says what it may be, in the words of the error messages."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    text: Annotated[str, Field(min_length=1), AfterValidator(speakable)] = Field(
        description=f"a template of 1 to {MAX_TEXT} characters"
    )
    voice: Name | None = Field(None, description=f"the name of a voice: {NAME_ALLOWED}")
    style: Style | None = Field(None, description=STYLE_ALLOWED)
    volume: Volume | None = Field(None, description=VOLUME_ALLOWED)
    chime: bool | Name | None = Field(None, description=f"true, false or the name of a chime: {NAME_ALLOWED}")
    sound: FileName | None = Field(None, description="the name of a file in the sound folder, without any folder")
    priority: Literal["low", "normal", "high", "urgent"] = Field("normal", description="low, normal, high or urgent")

    def announcement(self, id_: str, said: str, now: float, expires_at: float) -> Announcement:
        """The briefing as it is said at `now`."""
        return Announcement(
            id=id_,
            text=said,
            source=SOURCE,
            accepted_at=now,
            voice=self.voice,
            style=self.style,
            volume=self.volume,
            chime=self.chime,
            sound=self.sound,
            priority=Priority.named(self.priority),
            expires_at=expires_at,
        )
