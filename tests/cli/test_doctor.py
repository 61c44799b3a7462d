"""`hayakoe-daemon doctor`: how it is shown."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from hayakoe_daemon.cli import doctor
from hayakoe_daemon.cli.main import main
from hayakoe_daemon.doctor.examination import Check
from hayakoe_daemon.doctor.finding import warning

MEANS = "it loses what was sent while the daemon was away, and what was confirmed is not heard"
REMEDY = "printf 'autosave_interval 1\\n' | sudo tee /etc/mosquitto/conf.d/a.conf && sudo systemctl restart mosquitto"


@pytest.mark.parametrize("terminal", [True, False])
def test_what_to_type_is_one_line_on_a_narrow_terminal_too(*, terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = StringIO()
    console = Console(file=screen, force_terminal=terminal, width=60, highlight=False, soft_wrap=True, no_color=True)
    monkeypatch.setattr(doctor, "_console", lambda: console)
    monkeypatch.setattr(doctor, "_checks", lambda _: [Check("session", lambda: [warning("session", MEANS, REMEDY)])])
    assert main(["doctor"]) == 1
    shown = screen.getvalue()
    assert f"→ {REMEDY}" in shown
    assert (MEANS in shown) is not terminal
