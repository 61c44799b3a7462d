"""Under a real systemd, where the machine and the shared tools allow it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.daemon import Daemon
from tests.support.waiting import patient

REPOSITORY = Path(__file__).parents[2]
TOOL = REPOSITORY.parent / "shared" / "tools" / "systemd" / "sd_user.sh"

UNIT = """\
[Service]
Type=notify
ExecStart={python} -m hayakoe_daemon run --config {config}
WorkingDirectory={repository}
WatchdogSec=2
Restart=always
RestartSec=0.2
ExecReload=/bin/kill -HUP $MAINPID
"""

STORY = """\
pid=$(systemctl --user show -p MainPID --value hayakoe-test.service)
kill -STOP $pid
for _ in $(seq 100); do
    [ "$(systemctl --user show -p NRestarts --value hayakoe-test.service)" = 1 ] && break
    sleep 0.1
done
for _ in $(seq 100); do
    [ "$(systemctl --user show -p ActiveState --value hayakoe-test.service)" = active ] && break
    sleep 0.1
done
echo "restarts=$(systemctl --user show -p NRestarts --value hayakoe-test.service)"
systemctl --user reload hayakoe-test.service && echo reloaded
systemctl --user stop hayakoe-test.service
echo "$(systemctl --user show hayakoe-test.service -p Result -p ExecMainStatus | tr '\\n' ' ')"
"""


def test_ready_watchdog_reload_and_stop(tmp_path: Path) -> None:
    if not TOOL.exists():
        pytest.skip("the tool that runs a real systemd (../shared/tools/systemd) is not here")
    if os.geteuid() != 0 or shutil.which("systemctl") is None or shutil.which("unshare") is None:
        pytest.skip("a private systemd needs root, systemd and util-linux")
    daemon = Daemon(tmp_path / "daemon", None)
    unit = tmp_path / "hayakoe-test.service"
    unit.write_text(UNIT.format(python=sys.executable, config=daemon.config_file, repository=REPOSITORY))
    ran = subprocess.run(
        ["bash", TOOL, unit, "--", "sh", "-c", STORY], capture_output=True, text=True, timeout=patient(120), check=False
    )
    if ran.returncode == 3:
        pytest.skip(f"systemd did not start on this machine: {ran.stderr[-300:]}")
    told = ran.stdout
    assert "ActiveState=active" in told, told
    assert "StatusText=ready" in told, told
    assert "Watchdog timeout" in told, told
    assert "restarts=1" in told, told
    assert "reloaded" in told, told
    assert "Result=success ExecMainStatus=0" in told, told
