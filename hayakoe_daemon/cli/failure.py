"""A command that could not do its work: printed on stderr, exit status 1."""

from __future__ import annotations


class Failure(Exception):  # noqa: N818, it is a message for a person
    """What went wrong and what to do, in plain English."""
