"""What is wrong with a template, in words for the person who wrote it."""

from __future__ import annotations


class TemplateError(ValueError):
    """A template that cannot be used; the message says where and what."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message if line is None else f"line {line}: {message}")
