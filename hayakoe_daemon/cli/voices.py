"""`hayakoe-daemon voices`: the neural voices on this machine, where they came from, whether they are whole."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from hayakoe_daemon.cli.failure import Failure
from hayakoe_daemon.cli.progress import Progress
from hayakoe_daemon.cli.settle import config_or_defaults
from hayakoe_daemon.config.model import Config
from hayakoe_daemon.config.places import prepared_dir, state_dir, voices_dir
from hayakoe_daemon.derived import precise
from hayakoe_daemon.opening import order
from hayakoe_daemon.system.ownership import handed_over
from hayakoe_daemon.typed import typed
from hayakoe_daemon.voice.device import Device
from hayakoe_daemon.voice.prepare.order import Order, forget_voice, remark
from hayakoe_daemon.voice.store.bert_layouts import bert_at, bert_files
from hayakoe_daemon.voice.store.bring import Brought, brought, is_address
from hayakoe_daemon.voice.store.files import BertFiles, VoiceError
from hayakoe_daemon.voice.store.incoming import forget, interrupted
from hayakoe_daemon.voice.store.layouts import VoiceSource, look
from hayakoe_daemon.voice.store.names import legal_name
from hayakoe_daemon.voice.store.selection import Wanted
from hayakoe_daemon.voice.store.store import Store
from hayakoe_daemon.voice.store.watch import megabytes

_BY_ITSELF = "A running daemon picks it up within seconds and prepares it for this machine."

_SERVICE = Path("/var/lib/hayakoe-daemon")


def run(given: argparse.Namespace) -> int:
    config = config_or_defaults(given)
    store = Store(voices_dir(config, os.environ))
    try:
        with handed_over(state_dir(config, os.environ), store.folder, prepared_dir(config, os.environ)):
            done = _do(given, store, config)
    except VoiceError as error:
        raise Failure(str(error)) from None
    except OSError as error:
        raise Failure(f"cannot read {error.filename}: {error.strerror}") from None
    if (
        given.action in ("add", "list", "prepare", "remove")
        and _SERVICE.exists()
        and _SERVICE not in store.folder.parents
    ):
        print(f"These are your own voices, in {store.folder}; for those of the service use sudo.", file=sys.stderr)
    return done


def _do(given: argparse.Namespace, store: Store, config: Config) -> int:
    match given.action:
        case "list":
            return _list(given, store, config)
        case "check":
            return _check(given, store)
        case "add":
            return _add(given, store)
        case "prepare":
            return _prepare(given, store, config)
        case "quantize":
            from hayakoe_daemon.cli.quantize import quantize  # noqa: PLC0415, a command of its own

            return quantize(given)
        case _:
            return _remove(given, store, config)


def _list(given: argparse.Namespace, store: Store, config: Config) -> int:
    voices = [
        _described(store, name, verify=given.verify) | {"prepared": _prepared(store, name, config)}
        for name in store.names()
    ]
    bert = _described_bert(store, verify=given.verify)
    unfinished = interrupted(store.folder)
    if given.json:
        document = {
            "folder": str(store.folder),
            "voices": voices,
            "bert": bert,
            "unfinished": [{"source": one.address, "size": one.size} for one in unfinished],
        }
        print(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        for one in voices:
            print(f"{one['name']}  {one['layout']}  {megabytes(one['size'])}  {', '.join(one['styles'])}")
            if one["problem"] is None:
                print(f"  {_in_words(one['prepared'])}")
        if not voices:
            print(f"There are no voices yet but the embedded one: `{typed('voices add PATH-OR-ADDRESS')}`")
        if bert is not None:
            print(f"BERT: {bert['model']}  {megabytes(bert['size'])}")
        elif voices:
            print(_no_bert())
        for left in unfinished:
            print(f"unfinished: {left.address}, {megabytes(left.size)} are here; `voices add` it again to go on")
    broken = [one for one in (*voices, *([bert] if bert else [])) if one["problem"] is not None]
    for one in broken:
        print(f"{one.get('name', 'the BERT')} cannot be used: {one['problem']}", file=sys.stderr)
    return 1 if broken else 0


def _described(store: Store, name: str, *, verify: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "layout": None, "size": 0, "styles": [], "speakers": [], "version": None}
    found |= {"source": None, "added": None, "licence": None, "problem": None}
    try:
        manifest = store.manifest(name)
        found |= {"layout": manifest.kind, "size": manifest.size, "source": manifest.source}
        found |= {"added": manifest.added.isoformat(), "licence": manifest.licence}
        voice = store.load(name)
        found |= {"styles": list(voice.config.styles), "speakers": list(voice.config.speakers)}
        found["version"] = voice.config.version
        if verify:
            store.verify(name)
    except VoiceError as error:
        found["problem"] = str(error)
    return found


def _prepared(store: Store, name: str, config: Config) -> dict[str, Any] | None:
    """What was prepared of it for this machine; None where nothing was, or nothing can be."""
    try:
        there = (wished.look().voice for wished in _orders(store, name, config) if wished.known)
        voice = next((voice for voice in there if voice is not None), None)
    except (VoiceError, OSError):
        return None
    if voice is None:
        return None
    left_out = [f"{one.name}: {one.note}" for one in voice.rewrites if not one.kept]
    found: dict[str, Any] = {"device": voice.device.value, "precision": voice.precision.value}
    found |= {"split": voice.split, "left_out": left_out}
    return found | {"folder": str(voice.folder), "note": remark(voice, precise(config, name).wanted)}


def _in_words(prepared: dict[str, Any] | None) -> str:
    if prepared is None:
        return f"not prepared for this machine yet: a running daemon does it, or `{typed('voices prepare')}`"
    where = "" if prepared["device"] == Device.CPU else " for the graphics card"
    first = f"prepared{where}, {prepared['precision']}"
    return "\n  ".join([first if prepared["split"] else f"{first}, whole", *prepared["left_out"]])


def _orders(store: Store, name: str, config: Config) -> list[Order]:
    """For where it computes, and for the processor, which takes over where that fails."""
    devices = dict.fromkeys([Device(config.voices.device), Device.CPU])
    root = prepared_dir(config, os.environ)
    return [order(store, name, root, precise(config, name), device) for device in devices]


def _prepare(given: argparse.Namespace, store: Store, config: Config) -> int:
    """1 where any of them failed."""
    from hayakoe_daemon.cli.prepare import prepare_all  # noqa: PLC0415, a command of its own

    unknown = [name for name in given.names if name not in store.names()]
    if unknown:
        there = ", ".join(store.names()) or "none yet"
        raise Failure(f"there is no voice {', '.join(unknown)}; there are: {there}")
    names = given.names or store.names()
    orders = [one for orders in zip(*(_orders(store, name, config) for name in names), strict=True) for one in orders]
    if not orders:
        raise Failure(f"there are no voices to prepare: `{typed('voices add PATH-OR-ADDRESS')}`")
    return prepare_all(orders, again=given.again)


def _described_bert(store: Store, *, verify: bool) -> dict[str, Any] | None:
    found: dict[str, Any] = {"model": None, "size": 0, "source": None, "added": None, "problem": None}
    try:
        if (manifest := store.bert_manifest()) is None:
            return None
        found |= {"size": manifest.size, "source": manifest.source, "added": manifest.added.isoformat()}
        bert = store.bert()
        found["model"] = None if bert is None else bert.model.name
        if verify:
            store.verify_bert()
    except VoiceError as error:
        found["problem"] = str(error)
    return found


def _check(given: argparse.Namespace, store: Store) -> int:
    if given.path in store.names():
        with Progress() as progress:
            progress.begin(given.path, store.manifest(given.path).size, 0)
            store.verify(given.path, progress.advance)
        path = store.folder / given.path
    else:
        path = Path(given.path).expanduser()
    found = look(path)
    for source in found.voices:
        print("\n".join(_told(source)))
    if found.bert is not None:
        size = megabytes(_size(bert_files(found.bert)))
        print(f"BERT: {found.bert.model}, {size}, its vocabulary in {found.bert.tokenizer}")
    if found.voices and found.bert is None and store.bert_manifest() is None:
        print(_no_bert())
    problems = (*found.problems, *([found.bert_problem] if found.bert_problem else []))
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def _told(source: VoiceSource) -> Iterator[str]:
    voice = source.voice
    yield f"{voice.name}: layout {voice.layout}, version {voice.config.version}, {voice.config.sample_rate} Hz"
    yield f"  styles: {', '.join(voice.config.styles)}"
    yield f"  speakers: {', '.join(voice.config.speakers)}"
    for file in source.files:
        yield f"  {file}: {megabytes(file.stat().st_size)}"
    yield f"  licence: {_first_line(source.licence) or 'not told; ask whoever offers the voice'}"
    if voice.duration_predictor is None and voice.layout is voice.layout.HAYAKOE:
        yield "  no duration_predictor.onnx: it is not needed, its synthesizer gives durations too"


def _add(given: argparse.Namespace, store: Store) -> int:
    if given.source is None and given.bert is None:
        raise Failure("name a voice to add, or a BERT with --bert: a folder, an .aivmx file, https://… or hf://…")
    if name := given.name or _name_in_address(given.source):
        store.check_free(name, replace_it=given.replace)
    with Progress() as progress:
        if given.bert is not None:
            with brought(given.bert, store.folder, Wanted.BERT, progress) as bert:
                _add_bert(bert_at(bert.path), bert, store, progress)
        if given.source is not None:
            wanted = Wanted.VOICES if store.bert_manifest() else Wanted.BOTH
            with brought(given.source, store.folder, wanted, progress) as voices:
                _add_voices(given, voices, store, progress)
    if store.names() and store.bert_manifest() is None:
        print(_no_bert())
    print(_BY_ITSELF)
    return 0


def _name_in_address(source: str | None) -> str | None:
    """The name that a voice at this address will get, as far as that is clear before it has come."""
    if source is None or not source.lower().startswith(("http://", "https://")):
        return None
    last = PurePosixPath(unquote(urlsplit(source).path))
    return legal_name(last.stem if last.suffix == ".aivmx" else last.name)


def _add_voices(given: argparse.Namespace, source: Brought, store: Store, progress: Progress) -> None:
    found = look(source.path)
    no_bert = store.bert_manifest() is None
    problems = (*found.problems, found.bert_problem if no_bert else None)
    if told := [problem for problem in problems if problem is not None]:
        raise Failure("\n".join((*told, "Nothing was added.")))
    named = _named(given, source, found.voices)
    for name, _ in named:
        store.check_free(name, replace_it=given.replace)
    if found.bert is not None and no_bert:
        _add_bert(found.bert, source, store, progress)
    for name, one in named:
        progress.begin(name, _size(one.files), 0)
        store.add(
            one,
            name=name,
            origin=source.origin,
            now=datetime.now(UTC),
            replace_it=given.replace,
            move=source.fetched,
            watch=progress.advance,
        )
        progress.note(f"{name} is in {store.folder / name}: {', '.join(one.voice.config.styles)}")
        if one.licence:
            progress.note(f"its licence: {_first_line(one.licence)} (`voices list --json` shows all of it)")


def _named(given: argparse.Namespace, source: Brought, voices: Sequence[VoiceSource]) -> list[tuple[str, VoiceSource]]:
    """Each voice with the name that it will have. Raises Failure where that is not clear."""
    if not voices:
        raise Failure(
            f"{source.origin} holds a BERT and no voice: `{typed(f'voices add --bert {shlex.quote(source.origin)}')}`"
        )
    if given.name is not None and len(voices) > 1:
        several = ", ".join(one.voice.name for one in voices)
        raise Failure(f"{source.origin} holds several voices ({several}): add the one you mean alone to give it a name")
    names = [given.name or one.voice.name for one in voices]
    for name in names:
        if legal_name(name) != name:
            raise Failure(f'this voice is called "{name}", messages need a name of a-z, 0-9, _ and -: add --name NAME')
    if len(set(names)) < len(names):
        raise Failure(f"{source.origin} holds several voices of the same name: add them one by one with --name")
    return list(zip(names, voices, strict=True))


def _add_bert(bert: BertFiles, source: Brought, store: Store, progress: Progress) -> None:
    progress.begin("BERT", _size(bert_files(bert)), 0)
    store.add_bert(bert, origin=source.origin, now=datetime.now(UTC), move=source.fetched, watch=progress.advance)
    progress.note(f"the BERT is in {store.folder}: {bert.model.name}")


def _remove(given: argparse.Namespace, store: Store, config: Config) -> int:
    if is_address(given.name):
        if not forget(store.folder, given.name):
            raise Failure(f"no download of {given.name} was begun")
        print("What had arrived of it is gone.")
        return 0
    store.remove(given.name)
    forget_voice(prepared_dir(config, os.environ), given.name)
    print(f"{given.name} is gone. A running daemon lets go of it within seconds.")
    return 0


def _size(files: tuple[Path, ...]) -> int:
    return sum(file.stat().st_size for file in files)


def _first_line(text: str | None) -> str:
    lines = (text or "").strip().splitlines()
    return lines[0][:200] if lines else ""


def _no_bert() -> str:
    return (
        "There is no BERT yet, and no neural voice speaks without it:"
        f" `{typed('voices add --bert PATH-OR-ADDRESS')}`; until then the embedded voice speaks."
    )
