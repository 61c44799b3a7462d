"""From what a person names, a path or an address, to files on this machine that can be looked at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hayakoe_daemon.voice.store.files import VoiceError
from hayakoe_daemon.voice.store.incoming import incoming
from hayakoe_daemon.voice.store.selection import Wanted
from hayakoe_daemon.voice.store.watch import Watch


@dataclass(frozen=True, slots=True)
class Brought:
    """`path` is where it lies, `origin` what is remembered of where it came from."""

    path: Path
    origin: str
    fetched: bool
    """It was fetched for this, and may be moved; else it is somebody's own."""


def is_address(text: str) -> bool:
    return "://" in text


@contextmanager
def brought(where: str, store: Path, wanted: Wanted, watch: Watch) -> Iterator[Brought]:
    """Fetches an address into the store's folder of downloads, which is gone at the end; a path is left where it is.

    After a failure inside, what has arrived is kept for the next time. Raises VoiceError.
    """
    if not is_address(where):
        path = Path(where).expanduser()
        yield Brought(path, str(path.absolute()), fetched=False)
        return
    scheme = where.partition("://")[0].lower()
    if scheme == "hf":
        from hayakoe_daemon.voice.store.hub import from_hub, parse_address  # noqa: PLC0415, it pulls httpx in

        repository = parse_address(where)
        with incoming(store, where) as folder:
            yield Brought(from_hub(repository, folder, wanted, watch), where, fetched=True)
    elif scheme in ("https", "http"):
        from hayakoe_daemon.voice.store.fetch import Fetcher, check_way  # noqa: PLC0415
        from hayakoe_daemon.voice.store.web import bert_from_web, voice_from_web, without_login  # noqa: PLC0415

        address, headers = without_login(where)
        check_way(address)
        fetch = bert_from_web if wanted is Wanted.BERT else voice_from_web
        with incoming(store, address) as folder, Fetcher(watch, headers=headers) as fetcher:
            yield Brought(fetch(address, folder, fetcher), address, fetched=True)
    else:
        raise VoiceError(f"{where}: {scheme}:// is not known; there are a path, https:// and hf://")
