"""What can go wrong between a text and its phonemes."""

from __future__ import annotations


class G2PError(Exception):
    """OpenJTalk cannot read this text, or cannot say it; the message tells which, and why."""
