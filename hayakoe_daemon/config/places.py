"""Where things lie on this machine when the configuration does not say: as systemd gives them, else by custom."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from hayakoe_daemon.config.model import Config

_NAME = "hayakoe-daemon"
SERVICE_STATE = Path("/var/lib") / _NAME
SERVICE_CACHE = Path("/var/cache") / _NAME
SERVICE_SOCKET = Path("/run") / _NAME / "control.sock"


def state_dir(config: Config, environ: Mapping[str, str]) -> Path:
    """The folder that outlives the daemon: journal, settings, caches. It need not exist yet."""
    if config.state_dir is not None:
        return config.state_dir
    if given := environ.get("STATE_DIRECTORY"):
        return _first(given)
    if os.geteuid() == 0:
        return SERVICE_STATE
    state_home = environ.get("XDG_STATE_HOME")
    return (Path(state_home) if state_home else Path.home() / ".local/state") / _NAME


def dictionary_file(config: Config, environ: Mapping[str, str]) -> Path:
    """The file of the user's words. It need not exist yet."""
    return config.speech.dictionary or state_dir(config, environ) / "dictionary.yaml"


def sources_dir(config: Config, environ: Mapping[str, str]) -> Path:
    """The folder of what sources brought last. It need not exist yet."""
    return state_dir(config, environ) / "sources"


def cache_dir(config: Config, environ: Mapping[str, str]) -> Path:
    """The folder of rendered speech. It need not exist yet."""
    return config.cache.dir or _made_again(config, environ, "speech")


def voices_dir(config: Config, environ: Mapping[str, str]) -> Path:
    """The folder of the neural voices. It need not exist yet."""
    return config.voices.dir or state_dir(config, environ) / "voices"


def prepared_dir(config: Config, environ: Mapping[str, str]) -> Path:
    """The folder of voices as they were prepared for this machine. It need not exist yet."""
    return config.voices.prepared_dir or _made_again(config, environ, "prepared")


def control_socket(config: Config, environ: Mapping[str, str]) -> Path:
    """Where the daemon opens the socket by which the commands talk to it. Its folder need not exist yet."""
    if config.control.socket is not None:
        return config.control.socket
    if given := environ.get("RUNTIME_DIRECTORY"):
        return _first(given) / "control.sock"
    if given := environ.get("XDG_RUNTIME_DIR"):
        return Path(given) / _NAME / "control.sock"
    return state_dir(config, environ) / "control.sock"


def find_control_socket(config: Config, environ: Mapping[str, str], *, service: Path = SERVICE_SOCKET) -> Path:
    """Where a command looks for the daemon's socket.

    A person's environment is not the service's, so where the configuration names none, a daemon of one's own comes
    first and the one that systemd runs second.
    """
    own = control_socket(config, environ)
    return service if config.control.socket is None and not _there(own) and _there(service) else own


def _made_again(config: Config, environ: Mapping[str, str], name: str) -> Path:
    """A folder of what could be made again, which no backup needs: in the cache folder where there is one.

    What lies in the state folder from before stays there, and is used. Where somebody says where the state is, all of
    it is there.
    """
    before = state_dir(config, environ) / name
    if config.state_dir is not None or _there(before):
        return before
    if given := environ.get("CACHE_DIRECTORY"):
        return _first(given) / name
    if os.geteuid() == 0 and "STATE_DIRECTORY" not in environ and SERVICE_CACHE.is_dir():
        return SERVICE_CACHE / name  # a command that root runs finds what the service has
    return before


def _there(path: Path) -> bool:
    """Also where one may not look: of a socket, the daemon is there then, and refuses whoever is not of its group."""
    try:
        path.stat()
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def _first(folders: str) -> Path:
    """One folder of those that systemd gives with colons between them."""
    return Path(folders.split(":", 1)[0])
