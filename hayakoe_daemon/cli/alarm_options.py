"""The words of `hayakoe-daemon alarms`."""

from __future__ import annotations

import argparse
from pathlib import Path

_VERBS = "alarm_verbs"


def add_actions(alarms: argparse.ArgumentParser) -> None:
    """The actions, each with the module and the function that do it."""
    actions = alarms.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)

    def action(name: str, help_: str, function: str, module: str = _VERBS) -> argparse.ArgumentParser:
        one = actions.add_parser(name, help=help_, description=help_[0].upper() + help_[1:] + ".")
        # Suppressed where it is not given: else it would undo one that stands before the action.
        one.add_argument("--config", type=Path, metavar="FILE", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        one.set_defaults(module=module, function=function)
        return one

    list_ = action("list", "list every ringing to come", "list_", "alarms")
    list_.add_argument("--until", metavar="DATE", help="a date, itself included, or 2026-12-31T07:30 (7 days ahead)")
    list_.add_argument("--from", dest="since", metavar="DATE", help="from there instead of now")
    list_.add_argument("--json", action="store_true", help="as JSON")
    for name, help_ in (("add", "add an alarm"), ("change", "change an alarm, until the config is edited there")):
        one = action(name, help_, name)
        one.add_argument("name", metavar="NAME", help="1 to 32 of a-z, 0-9, _ and -")
        _fields(one)
    for name, help_ in (
        ("remove", "remove what was added or changed at run time"),
        ("enable", "let an alarm ring again"),
        ("disable", "let an alarm not ring until it is enabled again"),
        ("test", "ring now, as it would"),
    ):
        action(name, help_, name).add_argument("name", metavar="NAME")
    for name, help_ in (
        ("snooze", "silence the alarm that is ringing, for a while"),
        ("dismiss", "end the alarm that is ringing, or is snoozed"),
    ):
        action(name, help_, name).add_argument("name", metavar="NAME", nargs="?", default="", help="one of several")


def _fields(one: argparse.ArgumentParser) -> None:
    when = one.add_argument_group("when it rings, one of time, hourly, cron and once")
    when.add_argument("--time", metavar="HH:MM", help="at this time of day")
    when.add_argument("--days", metavar="DAYS", help="only on these: weekdays, 土日, 第2・第4水曜 ...")
    when.add_argument("--hourly", metavar="HOURS", help="every hour of these: 8-21")
    when.add_argument("--minute", type=int, metavar="0-59", help="with --hourly")
    when.add_argument("--cron", metavar="EXPRESSION", help="as in crontab(5)")
    when.add_argument("--once", metavar="MOMENT", help="a single time: '2026-12-31 23:59'")
    when.add_argument("--skip-holidays", metavar="JP", help="not on the public holidays of Japan")
    when.add_argument("--except-dates", metavar="DATES", help="not on these, with commas between")
    when.add_argument("--extra-dates", metavar="DATES", help="on these too")
    when.add_argument("--valid-from", metavar="DATE", help="not before this day")
    when.add_argument("--valid-until", metavar="DATE", help="not after this day")
    how = one.add_argument_group("what is heard")
    how.add_argument("--text", help="what is said; {{ name }} and filters are allowed")
    how.add_argument("--voice")
    how.add_argument("--style")
    how.add_argument("--volume", type=int, metavar="0-100")
    how.add_argument("--ramp-from", type=int, metavar="0-100", help="the volume rises from here")
    how.add_argument("--ramp-over", metavar="TIME", help="within this: '1 min'")
    how.add_argument("--chime", metavar="NAME", help="a chime first: its name, or yes or no")
    how.add_argument("--sound", metavar="FILE", help="a file of the sound folder first")
    how.add_argument("--repeat", metavar="TIME", help="again and again until it is dismissed: '5 min'")
    how.add_argument("--repeat-times", type=int, metavar="N", help="at most this many times more")
    how.add_argument("--repeat-for", metavar="TIME", help="and for at most this long")
    how.add_argument("--snooze", metavar="TIME", help="how long a snooze lasts")
    how.add_argument("--grace", metavar="TIME", help="how late it may still ring, such as after a power cut")
    how.add_argument("--tell-missed", metavar="yes|no", choices=("yes", "no"), help="whether a missed one is announced")
    how.add_argument("--priority", choices=("low", "normal", "high", "urgent"))
    one.add_argument("--json", metavar="FIELDS", help='fields as a JSON object: \'{"volume": 60, "chime": null}\'')
