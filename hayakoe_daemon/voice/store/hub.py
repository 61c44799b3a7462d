"""Voices and BERTs of a Hugging Face repository: hf://USER/REPOSITORY[@REVISION][/FOLDER-OR-FILE]."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from hayakoe_daemon.typed import installing
from hayakoe_daemon.voice.store.fetch import Fetcher, FetchError, RemoteFile
from hayakoe_daemon.voice.store.files import VoiceError
from hayakoe_daemon.voice.store.selection import Wanted, select
from hayakoe_daemon.voice.store.watch import Watch

_ADDRESS = re.compile(r"hf://(?P<repository>[\w.-]+/[\w.-]+)(?:@(?P<revision>[^/@]+))?(?:/(?P<path>[^@]*))?")


@dataclass(frozen=True, slots=True)
class HubAddress:
    """`revision` is a branch, tag or commit, None for the repository's main branch; `path` a folder or file in it."""

    repository: str
    revision: str | None
    path: str


def parse_address(address: str) -> HubAddress:
    """A / within a revision is written %2F. Raises VoiceError."""
    if not (match := _ADDRESS.fullmatch(address)):
        raise VoiceError(f"{address} is not an address: expected hf://USER/REPOSITORY[@REVISION][/FOLDER]")
    revision = match["revision"]
    return HubAddress(
        match["repository"], None if revision is None else unquote(revision), (match["path"] or "").strip("/")
    )


def from_hub(address: HubAddress, folder: Path, wanted: Wanted, watch: Watch) -> Path:
    """Fetches what is wanted, every file of the same commit; the path at which it lies then.

    Raises VoiceError: huggingface_hub is not installed, the repository cannot be had, or has nothing of that kind.
    """
    files, token = _listing(address)
    place = folder / address.repository.rpartition("/")[2].lstrip(".")
    try:
        chosen = select(files, address.path, wanted)
    except VoiceError as error:
        raise VoiceError(f"hf://{address.repository}: {error}") from None
    with Fetcher(watch, headers={"authorization": f"Bearer {token}"} if token else {}) as fetcher:
        for name in chosen:
            fetcher.file(files[name], place)
    return place / address.path


def _listing(address: HubAddress) -> tuple[dict[str, RemoteFile], str | None]:
    """Every file of the repository, and the token of whoever is logged in here."""
    try:
        from huggingface_hub import HfApi, get_token, hf_hub_url  # noqa: PLC0415, an optional extra
        from huggingface_hub.errors import (  # noqa: PLC0415
            GatedRepoError,
            HfHubHTTPError,
            RepositoryNotFoundError,
            RevisionNotFoundError,
        )
    except ImportError:
        raise VoiceError(
            f"hf:// needs huggingface_hub: {installing('fetch')}; or download the files yourself and add their folder"
        ) from None
    where = f"hf://{address.repository}"
    api = HfApi()
    try:
        info = api.model_info(address.repository, revision=address.revision, files_metadata=True)
    except GatedRepoError:
        raise FetchError(
            f"{where} asks you to accept its terms: do so on its page, then log in here (hf auth login)"
        ) from None
    except RevisionNotFoundError:
        raise FetchError(f"{where} has no revision {address.revision}") from None
    except RepositoryNotFoundError:
        raise FetchError(f"there is no {where}, or it is private: log in then (hf auth login)") from None
    except HfHubHTTPError as error:
        raise FetchError(f"{where} cannot be listed: {error}".splitlines()[0]) from None
    except Exception as error:  # noqa: BLE001, the network's errors are of another library in each version
        raise FetchError(f"{where} cannot be reached: {error or type(error).__name__}") from None
    files = {}
    for one in info.siblings or ():
        url = hf_hub_url(address.repository, one.rfilename, revision=info.sha, endpoint=api.endpoint)
        try:
            files[one.rfilename] = RemoteFile(url, one.rfilename, one.size, one.lfs.sha256 if one.lfs else None)
        except ValueError:
            continue  # hidden files, such as .gitattributes
    return files, get_token()
