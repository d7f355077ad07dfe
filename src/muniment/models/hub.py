"""A Hugging Face hub: what a model consists of there, and its files' bytes, by the huggingface-hub library.

Nothing is told to anybody but the hub, and to the hub nothing but what is asked for: the library's telemetry is off,
its second way of downloading (Xet) is not used, and a token is sent only if HF_TOKEN holds one. The hub itself is
HF_ENDPOINT, or the library's own.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BufferedWriter
from pathlib import Path
from typing import BinaryIO, cast

from muniment._version import __version__
from muniment.errors import ModelChanged, ModelError, UsageError
from muniment.models.assembly import writing

_NO_TELEMETRY = {"HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"}
"""For the library, which reads them when it is imported."""

_PATIENCE = 30.0
"""Seconds to wait for the list of files."""

_PIECE = 1 << 20
"""Bytes that are written at once; what is lost when a connection breaks off is less."""

_ADDRESS = re.compile(r"https?://([^/@?#\s]*@)?([A-Za-z0-9._-]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?(/[^?#\s]*)?")
_PASSWORD = re.compile(r"(?<=://)[^/]*@")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_GO_ON = "Run the same command again to go on: what came is kept."


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file on the hub: its name, bytes, and what the hub says they hash to.

    ``sha256`` is known of large files, and ``blob`` (Git's SHA-1 of a blob) of the others.
    """

    name: str
    size: int
    sha256: str | None
    blob: str | None


@dataclass(frozen=True, slots=True)
class Listing:
    """What a repository holds at a commit; files without a size or hash are left out."""

    repo: str
    revision: str
    files: dict[str, HubFile]


class Hub:
    """The hub that the environment names.

    Raises:
        UsageError: huggingface-hub is not installed, or told to stay offline; or HF_ENDPOINT is no address.
    """

    def __init__(self) -> None:
        chosen = os.environ.get("HF_ENDPOINT", "")
        if chosen and not _ADDRESS.fullmatch(chosen):
            raise UsageError("HF_ENDPOINT is no address", "Let it be one like https://hub.example, or unset it.")
        os.environ.update(_NO_TELEMETRY)
        try:
            from huggingface_hub import HfApi, constants, logging
        except ModuleNotFoundError:
            raise UsageError(
                "Fetching models needs the package huggingface-hub", "Install it with: pip install 'muniment[models]'."
            ) from None
        if constants.is_offline_mode():
            raise UsageError("HF_HUB_OFFLINE is set, so nothing is fetched", "Unset it, or import the model.")
        constants.HF_HUB_DISABLE_TELEMETRY = True  # another library may have imported it before
        constants.DOWNLOAD_CHUNK_SIZE = _PIECE
        logging.set_verbosity_error()
        self._endpoint = chosen.rstrip("/") or constants.ENDPOINT
        self._token = os.environ.get("HF_TOKEN", "").strip() or None
        self._api = HfApi(
            self._endpoint, token=self._token or False, library_name="muniment", library_version=__version__
        )
        self.address = _PASSWORD.sub("", self._endpoint)
        """Names the hub in errors."""

    def listing(self, repo: str, revision: str | None) -> Listing:
        """The files of ``repo`` at ``revision``, a branch, tag or commit; None is the hub's usual one.

        Raises:
            ModelError: the hub cannot be reached, does not have or show it, or is no hub.
        """
        with self._telling(repo, revision):
            try:
                info = self._api.model_info(repo, revision=revision, files_metadata=True, timeout=_PATIENCE)
                commit, siblings = info.sha or "", info.siblings or []
                files = [
                    _hub_file(one.rfilename, one.size, one.lfs and one.lfs.sha256, one.blob_id) for one in siblings
                ]
            except (ValueError, TypeError, KeyError, AttributeError):
                commit = ""
        if not _COMMIT.fullmatch(commit):
            raise ModelError(f"{self.address} does not answer as a hub does", "See whether HF_ENDPOINT is right.")
        return Listing(repo, commit, {file.name: file for file in files if file is not None})

    def fetch(self, listing: Listing, file: HubFile, path: Path, done: Callable[[int], None]) -> None:
        """Add to the file at ``path`` what it lacks of ``file``.

        A connection that breaks off is taken up again where it was, until some attempts in a row bring nothing.

        Args:
            listing: where ``file`` is.
            file: what to fetch.
            path: what came of it before, or not there.
            done: given the bytes that are there.

        Raises:
            ModelError: it did not come to its end; what came is kept.
            ModelChanged: it has another size than the hub said.
            OutputError: it cannot be written.
        """
        import httpx2
        from huggingface_hub import constants, hf_hub_url
        from huggingface_hub.file_download import http_get
        from huggingface_hub.utils import silent_tqdm

        if file.size > constants.MAX_HTTP_DOWNLOAD_SIZE:
            raise ModelError(
                f"{file.name} has {file.size:,} bytes, more than hubs give out by plain HTTP",
                "Fetch the model by other means and import it.",
            )
        url = hf_hub_url(listing.repo, file.name, revision=listing.revision, endpoint=self._endpoint)
        headers = {"Accept-Encoding": "identity", "User-Agent": f"muniment/{__version__}"}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        with writing(path), path.open("ab") as target, self._telling(listing.repo, listing.revision):
            begin = -1
            while begin < target.tell() < file.size:
                begin = target.tell()
                # The library goes on by itself after most breaks, but not after a reset.
                with suppress(httpx2.ReadError):
                    http_get(
                        url,
                        cast("BinaryIO", _Growing(target, file, done)),
                        resume_size=begin,
                        headers=headers,
                        expected_size=file.size,
                        displayed_filename=file.name,
                        tqdm_class=silent_tqdm,
                    )
            if target.tell() < file.size:
                raise ModelError(f"The connection to {self.address} broke off", _GO_ON)

    @contextmanager
    def _telling(self, repo: str, revision: str | None) -> Iterator[None]:
        """Turns what the library says into errors that say what to do."""
        import httpx2
        from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError

        try:
            yield
        except RevisionNotFoundError:
            raise ModelError(f"{repo} has no revision {revision} on {self.address}", "Look at --revision.") from None
        except RepositoryNotFoundError:  # private ones, and those that want a token, are not told from missing ones
            raise ModelError(f"{self.address} shows no model {repo}", self._about_access()) from None
        except HfHubHTTPError as error:
            raise self._refusal(repo, error.response.status_code) from None
        except httpx2.ConnectError as error:
            raise ModelError(f"{self.address} cannot be reached: {error}", _GO_ON) from None
        except httpx2.HTTPError as error:
            raise ModelError(f"The connection to {self.address} broke off ({type(error).__name__})", _GO_ON) from None
        except OSError as error:
            if error.errno is not None:
                raise  # of the disk
            raise ModelChanged(f"{self.address} sent a file of {repo} in another size than it said", _GO_ON) from None

    def _refusal(self, repo: str, status: int) -> ModelError:
        if status in (401, 403):
            return ModelError(f"{self.address} does not give out {repo} (status {status})", self._about_access())
        if status == 429:
            return ModelError(f"{self.address} had too many requests", f"Wait some minutes. {_GO_ON}")
        if status == 404:
            return ModelError(f"{self.address} does not have what {repo} should hold (status 404)", "Look at the name.")
        return ModelError(f"{self.address} cannot serve {repo} now (status {status})", f"Try later. {_GO_ON}")

    def _about_access(self) -> str:
        if self._token is None:
            return "Look at the name; if the model is not open to all, set HF_TOKEN to a token that may read it."
        return "Look at the name, and whether the token in HF_TOKEN may read it."


class _Growing:
    """The file that is written to: tells how far it is, and does not grow beyond what was said."""

    def __init__(self, target: BufferedWriter, file: HubFile, done: Callable[[int], None]) -> None:
        self._target, self._file, self._done = target, file, done
        self.seek, self.tell, self.truncate = target.seek, target.tell, target.truncate

    def write(self, piece: bytes) -> int:
        if self.tell() + len(piece) > self._file.size:
            raise ModelChanged(f"More came of {self._file.name} than the hub said", _GO_ON)
        written = self._target.write(piece)
        self._done(self.tell())
        return written


def _hub_file(name: str, size: int | None, sha256: str | None, blob: str | None) -> HubFile | None:
    """The file, if there is something to hold it to."""
    if type(size) is not int or size < 0:
        return None
    if sha256 is not None:
        return HubFile(name, size, sha256, None) if _SHA256.fullmatch(sha256) else None
    return HubFile(name, size, None, blob) if blob is not None and _COMMIT.fullmatch(blob) else None
