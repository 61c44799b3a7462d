"""`python -m tests.soak --days 30`: weeks of a household with all its faults; exit status 1 where anything is wrong."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.soak.clock import Course
from tests.soak.faults import Trouble
from tests.soak.house import House
from tests.soak.household import ALARMS, START, Household, config
from tests.soak.life import Life
from tests.soak.report import Outcome, judge, lines
from tests.soak.scene import Scene
from tests.soak.witness import Witness
from tests.support.installed import add_bert, add_voices
from tests.support.waiting import wait_for
from tests.support.web_server import Page, WebServer

PREPARED_WITHIN = 600.0
"""Real seconds that the preparation of the voice may take."""


def soak(
    folder: Path,
    *,
    days: int,
    seed: int,
    says: int = 20,
    faults: float = 5.0,
    card_every: int = 4,
    calm: range = range(0),
    alarms: Sequence[str] = ALARMS,
    voice: bool = False,
    log: Callable[[str], object] = lambda _: None,
    enough: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Live through so many days in `folder`, with a card on one day of `card_every`, and judge them."""
    begun = time.monotonic()
    note = folder / "note.txt"
    folder.mkdir(parents=True, exist_ok=True)
    note.write_text("牛乳を買う。")
    with WebServer() as web:
        web.pages["weather"] = Page(json.dumps({"sky": "晴れ"}).encode())
        settings = config(web.url("weather"), str(note), alarms)
        if voice:
            settings |= neural(folder)
        house = House(folder, settings, start=START.timestamp())
        with house:
            witness = Witness(house.broker.host, house.broker.port, house.clock.passed)
            try:
                house.start()
                if voice:
                    wait_for(lambda: _speaks(house), PREPARED_WITHIN)
                scene = Scene(house, web, witness, Household(seed, says=says, alarms=alarms), Course(house.clock), log)
                Life(scene, Trouble(seed, a_day=faults)).live(
                    days,
                    card=lambda day: card_every > 0 and day % card_every == card_every - 1,
                    calm=lambda day: day in calm,
                    enough=enough,
                )
                return judge(scene, seconds=time.monotonic() - begun)
            finally:
                witness.close()


def neural(folder: Path) -> dict[str, Any]:
    """What a config says of a tiny voice, which is installed there; what it has said is kept on the small disk."""
    voices = folder / "voices"
    add_bert(voices)
    add_voices(voices, "tiny", real=True)
    return {
        "speech": {"voice": "tiny"},
        "voices": {"dir": str(voices), "prepared_dir": str(folder / "prepared")},
        "cache": {"limit_mb": 4},
    }


def _speaks(house: House) -> bool:
    """Whether the neural voice is ready."""
    state = house.ask("state")
    return state is not None and {"name": "tiny", "state": "ready"} in state["voices"]


def days(told: str) -> range:
    """`4-7` are the days 3 to 6, as they are counted from 0; `4` is that day alone. Raises ArgumentTypeError."""
    first, _, last = told.partition("-")
    try:
        found = range(int(first) - 1, int(last or first))
    except ValueError:
        found = range(0)
    if not found or found[0] < 0:
        raise argparse.ArgumentTypeError(f"{told!r} is not FIRST-LAST, such as 4-7, where 1 is the first day")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.soak",
        description="Weeks of a household in minutes: announcements, alarms and briefings, and random faults of daemon,"
        " player, broker, card, disk, clock and files. Time that nothing happens in is jumped over; all else is real."
        " At the end everything that was accepted is accounted for. Ctrl-C ends it with the day that it is.",
    )
    parser.add_argument("--days", type=int, default=30, help="simulated days (30)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed is the same life, but for its timing (1)")
    parser.add_argument("--says", type=int, default=20, help="announcements on a usual day (20)")
    parser.add_argument("--faults", type=float, default=5.0, help="faults a day (5)")
    parser.add_argument(
        "--card-every", type=int, default=4, help="a real-time card on each so many-th day, else null: (4)"
    )
    parser.add_argument(
        "--calm", type=days, default=range(0), help="FIRST-LAST days without kills of the daemon: for its memory"
    )
    parser.add_argument("--voice", action="store_true", help="a small neural voice speaks, prepared and cached")
    parser.add_argument("--json", type=Path, help="write all figures there")
    parser.add_argument("--keep", type=Path, help="live in this folder, and keep it")
    given = parser.parse_args()
    if given.keep is not None and given.keep.exists() and any(given.keep.iterdir()):
        parser.error(f"--keep: {given.keep} is not empty, and another life has another clock")
    interrupted: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: interrupted.append(number))  # enough after this day
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # nothing is left running, or mounted
    with tempfile.TemporaryDirectory(prefix="soak-") as temporary:
        outcome = soak(
            given.keep or Path(temporary),
            days=given.days,
            seed=given.seed,
            says=given.says,
            faults=given.faults,
            card_every=given.card_every,
            calm=given.calm,
            voice=given.voice,
            enough=lambda: bool(interrupted),
            log=lambda line: sys.stderr.write(f"{line}\n"),
        )
    if given.json is not None:
        given.json.write_text(json.dumps(outcome.document, ensure_ascii=False, indent=1))
    sys.stdout.writelines(f"{line}\n" for line in lines(outcome.document))
    return 1 if outcome.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
