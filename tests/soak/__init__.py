"""Weeks of a household in minutes: the daemon with a clock that jumps over idle time, and all that homes do to it.

`python -m tests.soak --days 30` lives through 30 days and judges them from outside; `--help` tells more.
"""
