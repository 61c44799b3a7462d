"""The doctor as a part of this house: which checks there are, and what the config means for them."""

from __future__ import annotations

import logging
import os
import shlex
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hayakoe_daemon import __version__, derived
from hayakoe_daemon.answer import Answer, Examined, Refused
from hayakoe_daemon.config.errors import ConfigError
from hayakoe_daemon.config.load import load
from hayakoe_daemon.config.model import Config
from hayakoe_daemon.config.places import (
    cache_dir,
    dictionary_file,
    find_control_socket,
    prepared_dir,
    state_dir,
    voices_dir,
)
from hayakoe_daemon.control import ControlError, NobodyThere, ask
from hayakoe_daemon.dials import valid
from hayakoe_daemon.doctor.account import Account
from hayakoe_daemon.doctor.alarms import examine_alarms
from hayakoe_daemon.doctor.aside import examine_kept, examine_set_aside
from hayakoe_daemon.doctor.broker import examine_broker
from hayakoe_daemon.doctor.clock import examine_clock, examine_zone
from hayakoe_daemon.doctor.configuration import examine_config
from hayakoe_daemon.doctor.daemon import Daemon, Found, Unreachable, examine_daemon
from hayakoe_daemon.doctor.disk import examine_disk, examine_writing
from hayakoe_daemon.doctor.examination import Check, document, examine
from hayakoe_daemon.doctor.finding import Finding, Verdict, ok, warning
from hayakoe_daemon.doctor.machine import Machine, may_look, may_read
from hayakoe_daemon.doctor.memory import examine_memory
from hayakoe_daemon.doctor.models import examine_models, examine_prepared
from hayakoe_daemon.doctor.password import examine_credential, examine_password
from hayakoe_daemon.doctor.permissions import (
    examine_config_file,
    examine_rights,
    examine_socket,
    examine_sound_access,
    examine_state_folder,
)
from hayakoe_daemon.doctor.power import examine_power
from hayakoe_daemon.doctor.rehearsal import Part, rehearse
from hayakoe_daemon.doctor.runtimes import examine_runtimes
from hayakoe_daemon.doctor.sound import Output, examine_sound
from hayakoe_daemon.doctor.unit import UNIT, examine_unit
from hayakoe_daemon.doctor.voice import examine_bundled, examine_last_speech, examine_voices
from hayakoe_daemon.doctor.writes import examine_writes
from hayakoe_daemon.doubts import doubts
from hayakoe_daemon.household import needs, seen_by, whose
from hayakoe_daemon.journal.storage import set_aside
from hayakoe_daemon.mqtt.topics import Topics
from hayakoe_daemon.overrides import OVERRIDES_FILE, Overrides
from hayakoe_daemon.schedule.alarm_book import ALARMS_FILE, AlarmBook
from hayakoe_daemon.schedule.synchronised import synchronised
from hayakoe_daemon.voice.providers import installed
from hayakoe_daemon.voice.store.files import VoiceError
from hayakoe_daemon.voice.store.store import Store
from hayakoe_daemon.words import troubles_of

log = logging.getLogger(__name__)

PATIENCE = 45.0
"""Seconds for an examination that was asked for over MQTT."""

_REHEARSAL = 90.0
_HASHING = 300.0
"""Seconds; a Raspberry Pi reads 40 MB of an SD card in each."""


BUNDLED = Check("offline", examine_bundled)
"""Whether all that speech needs is on this machine, without speaking."""


def speaking(parts: Callable[[], Iterable[Part]] = tuple, owner: int | None = None) -> Check:
    """The same by speaking: the embedded voice, and then these parts, each in a process of its own."""
    return Check(
        "offline",
        lambda: examine_voices([Part(), *parts()], lambda part: rehearse(part, patience=_REHEARSAL), owner),
        3 * _REHEARSAL,
    )


def without_config(problems: Sequence[str], path: Path | None, machine: Machine, offline: Check) -> list[Check]:
    """What can be examined where the config cannot be used, or no `path` leads to one.

    `offline` is BUNDLED, or what comes of `speaking`.
    """

    def look() -> Iterator[Finding]:
        if path is not None:
            may_read(path)
        return examine_config(path, problems, ())

    return [
        Check("config", look),
        Check("unit", lambda: examine_unit(machine)),
        offline,
        *_of_the_machine(machine, Unreachable("it was not looked for")),
    ]


def thorough(config: Config, path: Path, environ: Mapping[str, str], daemon: Found, machine: Machine) -> list[Check]:
    """Everything: it speaks, reads every byte of the models, and opens the sound device where no daemon has it."""
    account = whose(config, path, environ, daemon, machine)
    seen = seen_by(account, environ)
    return [
        *_of_the_house(config, path, seen, daemon, machine, account=account, every_byte=True),
        speaking(lambda: _parts(config, seen, daemon), account.uid),
        *_of_the_voice_and_machine(daemon, machine, account),
    ]


def gentle(config: Config, path: Path, environ: Mapping[str, str], daemon: Daemon, machine: Machine) -> list[Check]:
    """What a daemon may look at while it speaks: nothing that takes the sound device, memory or the cores."""
    account = whose(config, path, environ, daemon, machine)
    return [
        *_of_the_house(config, path, environ, daemon, machine, account=account, every_byte=False),
        BUNDLED,
        *_of_the_voice_and_machine(daemon, machine, account),
    ]


def find_daemon(config: Config, environ: Mapping[str, str]) -> Found:
    """The one that the commands talk to."""
    path = find_control_socket(config, environ)

    def look(what: str) -> dict[str, Any]:
        try:
            return next(iter(ask(path, {"topic": what})))
        except ControlError as error:
            raise OSError(f"the daemon did not tell its {what}: {error}") from None

    try:
        next(iter(ask(path, {"topic": "state"})))
        return Daemon(*_peer(path), look)
    except NobodyThere as nobody:
        return Unreachable(str(nobody))
    except (ControlError, OSError) as error:
        why = str(error)
    return Unreachable(why, runs=True, hangs=os.access(path, os.W_OK))


class Examiner:
    """The daemon's own doctor, in a thread of its own: one examination at a time. `ask` may be called by any thread."""

    def __init__(self, path: Path, look: Callable[[str], Mapping[str, Any]], machine: Machine | None = None) -> None:
        self._path = path
        self._look = look
        self._machine = machine or Machine()
        self._busy = threading.Lock()

    def ask(self, reply: Callable[[Answer], None]) -> None:
        """Returns at once; `reply` comes within PATIENCE, from the thread of the examination."""
        if not self._busy.acquire(blocking=False):
            reply(Refused("busy", "An examination is under way; its answer goes to whoever asked for it."))
            return
        threading.Thread(target=self._examine, args=(reply,), name="doctor", daemon=True).start()

    def _examine(self, reply: Callable[[Answer], None]) -> None:
        try:
            began = time.monotonic()
            findings = list(examine(self._checks(), patience=PATIENCE))
            for finding in findings:
                if finding.verdict is not Verdict.OK:
                    log.warning("doctor: %s: %s: %s", finding.verdict, finding.name, finding.means)
            took = time.monotonic() - began
            reply(Examined(document(findings, version=__version__, at=datetime.now(UTC).astimezone(), seconds=took)))
        finally:
            self._busy.release()

    def _checks(self) -> list[Check]:
        try:
            config = load(self._path)
        except ConfigError as error:
            return without_config([str(problem) for problem in error.problems], self._path, self._machine, BUNDLED)
        daemon = Daemon(os.getpid(), os.geteuid(), self._look)
        return gentle(config, self._path, os.environ, daemon, self._machine)


def _of_the_house(
    config: Config,
    path: Path,
    environ: Mapping[str, str],
    daemon: Found,
    machine: Machine,
    *,
    account: Account,
    every_byte: bool,
) -> list[Check]:
    store = Store(voices_dir(config, environ))
    plan = derived.voice_plan(config, environ)
    output = Output(config.audio.device, config.audio.second_device, config.audio.rate)
    state = state_dir(config, environ)
    folders = {
        "state": state,
        "rendered speech": cache_dir(config, environ),
        "voices": store.folder,
        "prepared voices": prepared_dir(config, environ),
    }
    now, owner = time.time(), account.uid
    return [
        Check("config", lambda: _config(config, path, environ, owner)),
        Check("daemon", lambda: examine_daemon(daemon, machine)),
        Check("unit", lambda: examine_unit(machine), 15.0),
        Check("sound", lambda: examine_sound(output, daemon, environ, owner), 45.0),
        Check("broker", lambda: _broker(config, environ, machine), 30.0),
        Check("alarms", lambda: examine_alarms(daemon, lambda: _enabled(config, state), now, machine)),
        Check("zone", lambda: examine_zone(lambda: config.zone, named=config.time_zone is not None, now=now)),
        Check("models", lambda: examine_models(store, every_byte=every_byte, owner=owner), _HASHING),
        Check("prepared", lambda: examine_prepared(store, plan.manual, wanted=config.voices.prepare, owner=owner)),
        Check("permissions", lambda: _permissions(config, path, environ, account, machine), 20.0),
        Check("password", lambda: _password(config, account, machine)),
        Check("damage", lambda: _damage(config, environ, now)),
        Check("disk", lambda: examine_disk(folders)),
        Check("writing", lambda: examine_writing(state) if state.is_dir() else ()),
        Check("writes", lambda: examine_writes(machine, state, daemon)),
    ]


def _of_the_voice_and_machine(daemon: Found, machine: Machine, account: Account) -> list[Check]:
    return [Check("speed", lambda: examine_last_speech(daemon, account.uid)), *_of_the_machine(machine, daemon)]


def _of_the_machine(machine: Machine, daemon: Found) -> list[Check]:
    return [
        Check("clock", lambda: examine_clock(machine, synchronised(), time.time())),
        Check("memory", lambda: examine_memory(machine, daemon)),
        Check("power", lambda: examine_power(machine)),
        Check("onnxruntime", lambda: examine_runtimes(installed())),
    ]


def _config(config: Config, path: Path, environ: Mapping[str, str], owner: int) -> Iterator[Finding]:
    may_look(voices_dir(config, environ))  # else voices that are there would pass for misnamed
    return examine_config(path, (), doubts(config, environ), owner)


def _parts(config: Config, environ: Mapping[str, str], daemon: Found) -> Iterator[Part]:
    """The config's own voice, where it is prepared and no daemon has it in memory already: else it takes too much."""
    plan = derived.voice_plan(config, environ)
    name = plan.default
    if isinstance(daemon, Daemon) or daemon.runs or name not in Store(plan.folder).names():
        return
    try:
        order = plan.manual(name).order(name)
        if order is None or not order.known or order.look().voice is None:
            return
    except VoiceError:
        return  # its files are no voice, which `models` tells; the embedded one is heard all the same
    bound = (config.voices.int8_snr, config.voices.int8_log_mel)
    yield Part(name, str(plan.folder), str(plan.prepared), str(plan.precise(name).wanted), bound)


def _broker(config: Config, environ: Mapping[str, str], machine: Machine) -> Iterator[Finding]:
    credential, given = config.mqtt.password_credential, environ
    if not config.mqtt.enabled:
        yield ok("broker", "mqtt.enabled is off: only the commands of this machine are heard")
        return
    if credential is not None and "CREDENTIALS_DIRECTORY" not in environ:
        folder = machine.root / "run/credentials" / UNIT  # where systemd hands it to the service; root may look, too
        if not os.access(folder / credential, os.R_OK):
            means = f"the password is the service's credential {credential}, which you may not read; not tried"
            yield warning(
                "broker", means, f"mosquitto_rr -V 5 -t {shlex.quote(f'{config.topic}/do/doctor')} -e answer -n"
            )
            return
        given = {**environ, "CREDENTIALS_DIRECTORY": str(folder)}
    if config.mqtt.password_file is not None:
        may_read(config.mqtt.password_file)
    yield from examine_broker(derived.broker(config, given), Topics(config.topic).doctor, machine)


def _permissions(
    config: Config, path: Path, environ: Mapping[str, str], account: Account, machine: Machine
) -> Iterator[Finding]:
    yield from examine_config_file(path)
    yield from examine_socket(find_control_socket(config, environ))
    yield from examine_rights(account, list(needs(config, path, environ)))
    if Output(config.audio.device).is_card:
        yield from examine_sound_access(machine, account)
    yield from examine_state_folder(state_dir(config, environ), account)


def _password(config: Config, account: Account, machine: Machine) -> Iterator[Finding]:
    if config.mqtt.password_credential is not None:
        yield from examine_credential(machine, UNIT, config.mqtt.password_credential)
    elif config.mqtt.password_file is not None:
        yield from examine_password(config.mqtt.password_file, account.name)


def _damage(config: Config, environ: Mapping[str, str], now: float) -> Iterator[Finding]:
    state, words = state_dir(config, environ), dictionary_file(config, environ)
    alarms, overrides = state / ALARMS_FILE, state / OVERRIDES_FILE
    others = {
        alarms.with_name(f"{alarms.name}.damaged"): "alarms that were set while it ran are forgotten",
        overrides.with_name(f"{overrides.name}.damaged"): "what was set while it ran is forgotten, the config counts",
        words.with_name(f"{words.stem}.broken{words.suffix}"): "the words in it are forgotten",
    }
    yield from examine_set_aside(set_aside(state / "journal.sqlite3"), others, now)
    for file in (alarms, overrides, words):
        may_read(file)
    yield from examine_kept(alarms, AlarmBook(alarms, config.alarms).lost)
    yield from examine_kept(overrides, Overrides(overrides, valid).lost)
    yield from examine_kept(words, troubles_of(words))


def _enabled(config: Config, state: Path) -> list[str]:
    book = AlarmBook(state / ALARMS_FILE, config.alarms)
    return [name for name, entry in book.entries.items() if entry.alarm.enabled]


def _peer(path: Path) -> tuple[int, int]:
    """Process and user of whoever listens on a socket; see SO_PEERCRED in unix(7)."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(5.0)
        line.connect(str(path))
        pid, uid, _ = struct.unpack("3i", line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    return pid, uid
