"""Files that are written whole or not at all: a reader sees the old one or the new one, never a part."""

import contextlib
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import filelock

ATTEMPTS = 50 if os.name == "nt" else 0  # at taking the place of a file that others read
PAUSE = 0.02  # s, between them


@contextlib.contextmanager
def open_whole(path: Path) -> Iterator[IO[bytes]]:
    """Write to a hidden neighbour that takes the file's place when the block ends well, and leaves no trace if not."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        with partial.open("xb") as file:  # not tempfile: its files are for one user alone, runs are shared in a class
            yield file
        _replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file's content in one step; a pipe or a device, which has none, is written to."""
    special = path.exists() and not (path.is_file() or path.is_dir())
    with path.open("wb") if special else open_whole(path) as file:
        file.write(content)


@contextlib.contextmanager
def changing(path: Path) -> Iterator[None]:
    """Keep others who ask the same way from changing a file while it is read, changed and written."""
    with filelock.FileLock(path.with_name(f".{path.name}.lock")):
        yield


def _replace(partial: Path, path: Path) -> None:
    """Take the file's place; on Windows, where nobody can while somebody reads it, as soon as nobody does."""
    for _attempt in range(ATTEMPTS):
        with contextlib.suppress(PermissionError):
            partial.replace(path)
            return
        time.sleep(PAUSE)
    partial.replace(path)
