"""The commands: the only part that prints or exits."""

from hayakoe_daemon.cli.main import main

__all__ = ["main"]
