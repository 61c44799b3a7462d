"""The broker's password: read afresh at each use, so that a changed one counts at once, and kept nowhere."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from hayakoe_daemon.config.model import Mqtt

_LIMIT = 65_535
"""Bytes; MQTT has no room for a longer one."""


class PasswordError(OSError):
    """The password cannot be read; the message says why, and what to do."""


def password_reader(mqtt: Mqtt, environ: Mapping[str, str]) -> Callable[[], str | None]:
    """What reads the password each time it is called; it returns None where none is configured.

    One newline at the end, as editors leave it, is no part of the password. Raises PasswordError when called.
    """

    def read() -> str | None:
        file = _file(mqtt, environ)
        return None if file is None else _read(file)

    return read


def _file(mqtt: Mqtt, environ: Mapping[str, str]) -> Path | None:
    if mqtt.password_credential is None:
        return mqtt.password_file
    folder = environ.get("CREDENTIALS_DIRECTORY")
    if folder is None:
        raise PasswordError(
            f"the credential {mqtt.password_credential} is not there, because systemd gave none: add "
            f"LoadCredential={mqtt.password_credential}:PATH to the unit, or use mqtt.password_file"
        )
    return Path(folder) / mqtt.password_credential


def _read(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            content = stream.read(_LIMIT + 2)
        password = content.decode().removesuffix("\n").removesuffix("\r")
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise PasswordError(f"the password file {file} cannot be read: {reason}") from error
    except UnicodeDecodeError:
        # without `from`: the error carries the bytes
        raise PasswordError(f"the password file {file} is not UTF-8 text") from None
    if not password or len(password.encode()) > _LIMIT:
        raise PasswordError(f"the password file {file} is empty or longer than {_LIMIT} bytes")
    return password
