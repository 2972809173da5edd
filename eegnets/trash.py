"""The trash: what was deleted, in a hidden folder beside the rest, from which it can come back for a day."""

import contextlib
import os
import re
import shutil
import time
from itertools import chain, count
from pathlib import Path

from eegnets.config import InputError
from eegnets.translation import _

KEPT = 24 * 3600.0  # seconds
SIGN = "~"  # before a number, and in no name of a run or an import


def before(name: str) -> str:
    """How something in the trash was called before it came there."""
    return re.sub(rf"{SIGN}\d+", "", name)


class Trash:
    """What was deleted from a folder: runs, which are folders themselves, or files."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.path = root / ".trash"

    def put(self, path: Path) -> str:
        """Move a folder or a file here, and let go what has been here for a day; what it is called here.

        That is its name, with a number where another of that name is here.
        """
        self.empty(KEPT)
        self.path.mkdir(exist_ok=True)
        free = self._free(path)
        os.utime(path)  # its own date is not that of its move, and once it is here others may let it go by that
        path.rename(free)
        return free.name

    def _free(self, path: Path) -> Path:
        numbered = (f"{path.stem}{SIGN}{n}{path.suffix}" for n in count(2))
        places = (self.path / name for name in chain([path.name], numbered))
        return next(place for place in places if not place.exists())

    def restore(self, name: str) -> None:
        """Bring back what is called so here; raises InputError where it is not here or its place is taken."""
        if name not in self.ids():
            raise InputError(
                _("{name} is not in the trash, where things stay for a day; it cannot come back.", name=name)
            )
        place = self.root / before(name)
        if place.exists():
            raise InputError(_("{name} is there already; delete that one first.", name=place.name))
        (self.path / name).rename(place)

    def ids(self) -> list[str]:
        """What can come back, by its name here, the last deleted first."""
        ages = self._ages()
        return [name for name in sorted(ages, key=ages.__getitem__) if ages[name] < KEPT]

    def empty(self, older_than: float = 0.0) -> None:
        """Delete for good what has been here for so many seconds."""
        for name, age in self._ages().items():
            if age >= older_than:
                _remove(self.path / name)

    def _ages(self) -> dict[str, float]:
        """Name -> seconds since it was put here; less what another session takes out at this moment."""
        found: dict[str, float] = {}
        with contextlib.suppress(OSError):
            for entry in os.scandir(self.path):
                if not entry.is_symlink():
                    with contextlib.suppress(FileNotFoundError):
                        found[entry.name] = time.time() - entry.stat().st_mtime
        return found


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
