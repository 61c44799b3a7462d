"""The parts of deploy/install.sh, sourced."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

DEPLOY = Path(__file__).parents[2] / "deploy"
PARTS = ("system", "wheels", "versions", "service")


def bash(script: str, *arguments: object, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a piece of bash with the parts of install.sh sourced, everything below the folder $1."""
    sourced = "\n".join(f". {DEPLOY}/install/{part}.sh" for part in PARTS)
    places = "PREFIX=$1/opt CONFIG_DIR=$1/etc STATE_DIR=$1/var UNIT_FILE=$1/unit COMMAND=$1/command SHARE=$1/share"
    return subprocess.run(
        [
            "bash",
            "-c",
            f"OFFLINE='' BROKER=''\n. {DEPLOY}/lib.sh\n{sourced}\n{places}\n{script}",
            "bash",
            *map(str, arguments),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **(env or {})},
    )
