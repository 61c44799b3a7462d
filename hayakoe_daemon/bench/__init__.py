"""Measuring this machine; nothing of the daemon needs it."""
