"""Bringing files: from the net or from a folder, each of them whole or not at all, one fetch of a place at a time."""

import errno
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pooch
from filelock import FileLock, Timeout

from eegnets.sources.base import Progress, SourceError, listing, unreadable
from eegnets.translation import _

Check = Callable[[Path], object]  # raises SourceError for a file that is not what it should be


@dataclass(frozen=True)
class Remote:
    """A file of a source: its name here, its address, the check that it is whole, its SHA-256 where known."""

    name: str
    url: str
    check: Check
    sha256: str | None = None


class Unreachable(SourceError):
    """The server did not answer, or not to the end; its other files need not be tried now."""


def download(
    files: Sequence[Remote], folder: Path, progress: Progress | None = None, by_hand: str = "", timeout: float = 30.0
) -> list[Path]:
    """Bring files from the net into `folder` and return their paths; those that are here and whole are left alone.

    A file grows in a hidden folder beside its place and is moved there when its checksum and its check agree. One
    that cannot be had does not keep the others away, unless the server is silent. `by_hand` says in a sentence how
    else they may come; `timeout` is the longest silence of the server, s. Raises SourceError naming what failed.
    """
    problems = []
    with receiving(folder) as incoming:
        for file in files:
            try:
                if not is_whole(file, folder / file.name):
                    _download_one(file, incoming, progress, timeout)
            except SourceError as problem:
                problems.append(str(problem))
                if isinstance(problem, Unreachable):
                    break
    if problems:
        raise SourceError(" ".join([*problems, by_hand]).strip())
    return [folder / file.name for file in files]


def copy(files: Sequence[tuple[Path, Check]], folder: Path, progress: Progress | None = None) -> list[Path]:
    """Copy files into `folder` and return their paths there; all of them, or none if one fails its check."""
    with receiving(folder) as incoming:
        for file, check in files:
            _copy_one(file, incoming / file.name, progress)
            check(incoming / file.name)
        return [_settle(incoming / file.name) for file, _check in files]


def is_whole(file: Remote, path: Path) -> bool:
    """Whether a file is here already as it should be, so that it need not be brought again."""
    try:
        path.stat()  # a check may be lax, a file that is absent is not whole
        file.check(path)
        return file.sha256 is None or pooch.file_hash(str(path), alg="sha256") == file.sha256
    except (SourceError, OSError):
        return False


def named_in(folder: Path) -> frozenset[str]:
    """The names in a folder to copy from; raises SourceError where there is no such folder."""
    if not folder.is_dir():
        raise SourceError(_("{folder} is not a folder; give the folder that holds the files.", folder=folder))
    return listing(folder)


@contextmanager
def receiving(folder: Path) -> Iterator[Path]:
    """An empty folder beside the files' place, for one fetch at a time; whatever is left in it is removed.

    Raises SourceError where another fetch is under way, the disk is full, or `folder` may not be written to.
    """
    incoming = folder / ".incoming"
    lock = FileLock(folder / ".fetch.lock")  # the system frees it even if this process is killed
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
        shutil.rmtree(incoming, ignore_errors=True)  # what a killed fetch has left
        incoming.mkdir()
        yield incoming
    except Timeout:
        raise SourceError(
            _("another fetch into {folder} is under way; wait until it has ended, then retry.", folder=folder)
        ) from None
    except OSError as error:
        raise _unwritable(folder, error) from error
    finally:
        if lock.is_locked:
            shutil.rmtree(incoming, ignore_errors=True)
            lock.release()


def _unwritable(folder: Path, error: OSError) -> SourceError:
    where = {"folder": folder, "reason": error.strerror or str(error)}
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return SourceError(
            _("no room for the files in {folder} ({reason}). Free some space, then fetch again.", **where)
        )
    return SourceError(
        _("{folder} cannot be written to ({reason}). Allow it, or set EEGNETS_DATA to a folder of yours.", **where)
    )


def _download_one(file: Remote, incoming: Path, progress: Progress | None, timeout: float) -> None:
    pooch.get_logger().setLevel("WARNING")  # its notes of every download would go to the terminal
    bar = _Bar(file.name, progress) if progress else False
    downloader = pooch.HTTPDownloader(progressbar=bar, chunk_size=64 * 1024, timeout=timeout)
    known = f"sha256:{file.sha256}" if file.sha256 else None
    with _words_for_failures(file):
        pooch.retrieve(file.url, known_hash=known, fname=file.name, path=incoming, downloader=downloader)
    file.check(incoming / file.name)
    _settle(incoming / file.name)


class _Bar:
    """pooch's progress protocol (total, update, reset, close), told on as a Progress."""

    def __init__(self, name: str, progress: Progress) -> None:
        self.name, self.progress = name, progress
        self.total = self.done = 0

    def update(self, size: int) -> None:
        """Count `size` more bytes; pooch counts its last, short block as a full one."""
        self.done += size
        if size:
            self.progress(self.name, min(self.done, self.total) if self.total else self.done, self.total)

    def reset(self) -> None:
        """Start again at nothing: pooch does so at the end, before it tells the whole."""
        self.done = 0

    def close(self) -> None:
        """Nothing is held open."""


@contextmanager
def _words_for_failures(file: Remote) -> Iterator[None]:
    # requests' errors are OSErrors too: they are told apart here, before a full disk is thought of
    from requests import exceptions  # here, since only a download needs it

    where = {"file": file.name, "url": file.url}
    try:
        yield
    except exceptions.HTTPError as error:
        answer = f"{error.response.status_code} {error.response.reason}"
        raise SourceError(
            _("{file} from {url} cannot be had: the server answered {answer}.", **where, answer=answer)
        ) from error
    except (exceptions.ChunkedEncodingError, exceptions.ContentDecodingError) as error:
        raise Unreachable(
            _("{file} from {url} broke off on the way; nothing of it was kept. Fetch again.", **where)
        ) from error
    except exceptions.RequestException as error:
        late = isinstance(error, exceptions.Timeout) or "timed out" in str(error)  # the latter once bytes have come
        reason = _("the server was silent for too long") if late else _("the server cannot be reached")
        raise Unreachable(
            _(
                "{file} from {url} cannot be had: {reason}. Check the connection, then fetch again.",
                **where,
                reason=reason,
            )
        ) from error
    except ValueError as error:  # pooch's word for a checksum that does not agree
        raise SourceError(
            _(
                "{file} from {url} came with other bytes than were published (expected the SHA-256 {sha256}); it was "
                "not kept. Fetch again; if that does not help, the published file has changed.",
                **where,
                sha256=file.sha256,
            )
        ) from error


def _copy_one(source: Path, target: Path, progress: Progress | None) -> None:
    try:
        source.open("rb").close()
    except OSError as error:  # told apart from a target that cannot be written
        raise unreadable(source, error) from error
    shutil.copyfile(source, target)
    if progress:
        size = target.stat().st_size
        progress(source.name, size, size)


def _settle(arrived: Path) -> Path:
    arrived.chmod(0o644)  # pooch's temporary files are for the owner alone; data may be shared
    return arrived.replace(arrived.parent.parent / arrived.name)
