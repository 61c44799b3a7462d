"""The folder in which this daemon keeps its voices: one folder each, and one for the BERT that they share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from hayakoe_daemon.announcement import NAME
from hayakoe_daemon.voice.store.bert_layouts import bert_at, bert_files
from hayakoe_daemon.voice.store.files import BertFiles, VoiceError, VoiceFiles
from hayakoe_daemon.voice.store.landing import land, locked, take_away
from hayakoe_daemon.voice.store.layouts import VoiceSource, voice_in
from hayakoe_daemon.voice.store.manifest import (
    MANIFEST_FILE,
    Manifest,
    StoredFile,
    check_hashes,
    check_sizes,
    read_manifest,
)

_BERT = ".bert"
_RESERVED = frozenset({"embedded", "tone"})
"""What is always there under these names, without files."""


def _nobody(_: int) -> None:
    pass


class Store:
    """`folder` need not exist yet. Reading never writes; one command at a time changes something."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def folder(self) -> Path:
        return self._folder

    def names(self) -> tuple[str, ...]:
        """The voices that were added, sound or not, in the order of the alphabet."""
        try:
            folders = sorted(self._folder.iterdir())
        except OSError:
            return ()
        return tuple(one.name for one in folders if NAME.fullmatch(one.name) and _added(one))

    def load(self, name: str) -> VoiceFiles:
        """A voice whose files are there in full size. Raises VoiceError."""
        folder = self._folder_of(name)
        check_sizes(folder, read_manifest(folder))
        return replace(voice_in(folder).voice, name=name)

    def manifest(self, name: str) -> Manifest:
        """Raises VoiceError."""
        return read_manifest(self._folder_of(name))

    def verify(self, name: str, watch: Callable[[int], None] = _nobody) -> None:
        """Reads every byte of a voice and of its manifest. Raises VoiceError where one has changed."""
        folder = self._folder_of(name)
        manifest = read_manifest(folder)
        check_sizes(folder, manifest)
        check_hashes(folder, manifest.files, watch)

    def bert(self) -> BertFiles | None:
        """The BERT that was installed, None where there is none. Raises VoiceError where it is not whole."""
        folder = self._folder / _BERT
        if not _added(folder):
            return None
        check_sizes(folder, read_manifest(folder))
        return bert_at(folder)

    def bert_manifest(self) -> Manifest | None:
        """Raises VoiceError."""
        folder = self._folder / _BERT
        return read_manifest(folder) if _added(folder) else None

    def verify_bert(self, watch: Callable[[int], None] = _nobody) -> None:
        """Raises VoiceError where a byte of it has changed."""
        if manifest := self.bert_manifest():
            check_sizes(self._folder / _BERT, manifest)
            check_hashes(self._folder / _BERT, manifest.files, watch)

    def add(
        self,
        source: VoiceSource,
        *,
        name: str,
        origin: str,
        now: datetime,
        replace_it: bool = False,
        move: bool = False,
        watch: Callable[[int], None] = _nobody,
    ) -> Manifest:
        """Copies the voice's files, or moves them where they were fetched for this, and lands them under `name`.

        `origin` is the path or address to be remembered. Raises VoiceError: the name is none or taken, or a file cannot
        be read or written; then the store is as it was.
        """
        self.check_free(name, replace_it=replace_it)
        target = self._folder / name

        def manifest_of(files: tuple[StoredFile, ...]) -> Manifest:
            return Manifest(str(source.voice.layout), origin, now, files, source.licence)

        with locked(self._folder):
            self.check_free(name, replace_it=replace_it)
            land(target, source.files, manifest_of, _check_voice, move=move, watch=watch)
        return read_manifest(target)

    def add_bert(
        self,
        bert: BertFiles,
        *,
        origin: str,
        now: datetime,
        move: bool = False,
        watch: Callable[[int], None] = _nobody,
    ) -> Manifest:
        """The same for the BERT, in the place of one that is there. Raises VoiceError."""
        files = bert_files(bert)
        target = self._folder / _BERT
        with locked(self._folder):
            land(
                target, files, lambda stored: Manifest("bert", origin, now, stored), _check_bert, move=move, watch=watch
            )
        return read_manifest(target)

    def remove(self, name: str) -> None:
        """Raises VoiceError where there is no such voice."""
        folder = self._folder_of(name)
        with locked(self._folder):
            take_away(folder)

    def check_free(self, name: str, *, replace_it: bool) -> None:
        """Raises VoiceError where `name` is no name for a voice, or one has it and must not be replaced."""
        if not NAME.fullmatch(name):
            raise VoiceError(f'"{name}" is not a name for a voice: it takes a-z, 0-9, _ and -, 32 characters at most')
        if name in _RESERVED:
            raise VoiceError(f'"{name}" is always there and cannot be a voice of yours; choose another name')
        if not replace_it and _added(self._folder / name):
            raise VoiceError(
                f'there is a voice "{name}" already; replace it (--replace) or choose another name (--name)'
            )

    def _folder_of(self, name: str) -> Path:
        folder = self._folder / name
        if not NAME.fullmatch(name) or not _added(folder):
            raise VoiceError(f'there is no voice "{name}" in {self._folder}')
        return folder


def _added(folder: Path) -> bool:
    """Whether something was put there; also what may not be looked into, and is told as such when it is read."""
    try:
        return (folder / MANIFEST_FILE).is_file()
    except OSError:
        return True


def _check_voice(folder: Path) -> None:
    check_sizes(folder, read_manifest(folder))
    voice_in(folder)


def _check_bert(folder: Path) -> None:
    check_sizes(folder, read_manifest(folder))
    bert_at(folder)
