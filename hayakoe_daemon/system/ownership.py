"""What root writes among the daemon's files must be the daemon's, or it could neither change nor remove it."""

from __future__ import annotations

import os
from pathlib import Path


def hand_over(folder: Path) -> None:
    """Give root's files below `folder` to whom the folder belongs, or where root has just made it, the one around it.

    Nothing where we are not root, or both are root's own, or it is not there. Raises OSError.
    """
    if os.geteuid() != 0 or not folder.is_dir():
        return
    owner = folder.stat()
    if owner.st_uid == 0:
        owner = folder.parent.stat()
        if owner.st_uid == 0:
            return
        os.chown(folder, owner.st_uid, owner.st_gid, follow_symlinks=False)
    # by descriptor and without following links: the folder's owner must not lead root elsewhere meanwhile
    for _, folders, files, here in os.fwalk(folder):
        for name in (*folders, *files):
            try:
                if os.stat(name, dir_fd=here, follow_symlinks=False).st_uid == 0:
                    os.chown(name, owner.st_uid, owner.st_gid, dir_fd=here, follow_symlinks=False)
            except FileNotFoundError:  # gone meanwhile
                continue
