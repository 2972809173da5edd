"""The trash: what was deleted, in a hidden folder beside the rest, from which it can come back for a day."""

import contextlib
import os
import shutil
import time
from pathlib import Path

from eegnets.config import InputError
from eegnets.translation import _

KEPT = 24 * 3600.0  # seconds


class Trash:
    """What was deleted from a folder: runs, which are folders themselves, or files."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.path = root / ".trash"

    def put(self, path: Path) -> None:
        """Move a folder or a file here, and let go what has been here for a day."""
        self.empty(KEPT)
        self.path.mkdir(exist_ok=True)
        _remove(self.path / path.name)
        os.utime(path)  # its own date is not that of its move, and once it is here others may let it go by that
        path.rename(self.path / path.name)

    def restore(self, name: str) -> None:
        """Bring back what has this name; raises InputError where it is not here or its place is taken."""
        if name not in self.ids():
            raise InputError(
                _("{name} is not in the trash, where things stay for a day; it cannot come back.", name=name)
            )
        if (self.root / name).exists():
            raise InputError(_("{name} is there already; delete that one first.", name=name))
        (self.path / name).rename(self.root / name)

    def ids(self) -> list[str]:
        """The names of what can come back, the last deleted first."""
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
