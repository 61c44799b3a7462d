"""The neural voices: whether they are as they were added, and prepared for this machine."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from functools import partial

from hayakoe_daemon.doctor.finding import Finding, failure, ok, warning
from hayakoe_daemon.doctor.machine import may_look
from hayakoe_daemon.opening import Manual
from hayakoe_daemon.typed import typed
from hayakoe_daemon.voice.prepare.machine import processor
from hayakoe_daemon.voice.store.files import VoiceError
from hayakoe_daemon.voice.store.store import Store

NAME = "models"
PREPARED = "prepared"


def examine_models(store: Store, *, every_byte: bool, owner: int | None = None) -> Iterator[Finding]:
    """`every_byte` reads them, 250 MB and more; else their sizes tell. `owner` is the user whose voices they are."""
    may_look(store.folder)
    names = store.names()
    if not names:
        yield ok(NAME, "no neural voice is installed; the embedded one speaks")
        return
    how = "every byte is as it was added" if every_byte else "its files are there in full size"
    voice: Callable[[str], object] = store.verify if every_byte else store.load
    bert: Callable[[], object] = store.verify_bert if every_byte else store.bert
    for name in names:
        yield _judged(name, how, partial(voice, name), _again(store, name), owner)
    try:
        known = store.bert_manifest() is not None
    except VoiceError as error:
        yield failure(NAME, f"BERT: {error}", typed("voices add --bert PATH-OR-ADDRESS", owner))
        return
    if not known:
        yield failure(
            NAME,
            "no BERT is installed, and no neural voice speaks without one",
            typed("voices add --bert PATH-OR-ADDRESS", owner),
        )
        return
    yield _judged("BERT", how, bert, "--bert PATH-OR-ADDRESS", owner)


def examine_prepared(
    store: Store, manual: Callable[[str], Manual], *, wanted: bool, owner: int | None = None
) -> Iterator[Finding]:
    """`manual` says how the voice of a name is to be opened; `wanted` where voices are prepared at all."""
    may_look(store.folder)
    if not store.names():
        return
    if not wanted:
        yield ok(PREPARED, "voices.prepare is off: voices speak as their files are, later and with more memory")
        return
    for name in store.names():
        try:
            yield _prepared(name, manual(name), owner)
        except PermissionError:
            raise  # the examination says how to look at it
        except (VoiceError, OSError) as error:
            yield warning(PREPARED, f"{name}: {error}", typed(f"voices check {name}", owner))


def _judged(name: str, how: str, look: Callable[[], object], again: str, owner: int | None) -> Finding:
    try:
        look()
    except VoiceError as error:
        return failure(NAME, f"{name}: {error}", typed(f"voices add {again}", owner))
    return ok(NAME, f"{name}: {how}")


def _again(store: Store, name: str) -> str:
    """What adds it once more, from where it came."""
    try:
        source = store.manifest(name).source
    except VoiceError:
        return "PATH-OR-ADDRESS --replace"
    named = "" if name in source else f" --name {name}"
    return f"{shlex.quote(source)}{named} --replace"


def _prepared(name: str, manual: Manual, owner: int | None) -> Finding:
    order = manual.order(name)
    there = any(manual.prepared.glob(f"{name}-*"))
    if order is not None and order.known:  # else it would read the files for long, and write down what it found
        found = order.look()
        if found.voice is not None and found.bert is not None:
            kind = found.voice.precision
            return ok(PREPARED, f"{name}: for this processor and this onnxruntime, {kind}")
        what = "it" if found.voice is None else "its BERT"
        if there:
            return warning(
                PREPARED,
                f"{name}: {what} was prepared for another machine, onnxruntime or file than this ({processor()[:40]});"
                " the daemon does it again by itself",
                typed(f"voices prepare {name}", owner),
            )
    elif there:
        return warning(
            PREPARED,
            f"{name}: its files were changed since it was prepared; the daemon looks at them and does it again",
            typed(f"voices prepare {name}", owner),
        )
    return warning(
        PREPARED,
        f"{name}: not yet; the daemon does it by itself, and until then it speaks late or not at all",
        typed(f"voices prepare {name}", owner),
    )
