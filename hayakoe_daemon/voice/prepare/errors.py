"""Why a preparation did not come about."""

from __future__ import annotations


class PreparationError(Exception):
    """This voice could not be prepared; the message says why and what to do. It speaks as it is."""


class NotRecognisedError(Exception):
    """This graph is not built as the rewrite expects; the message says what was found. The rewrite is left out."""
