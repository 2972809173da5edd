"""The trash: deleted runs in a hidden folder beside the others, from which they can come back for a day."""

import os
import shutil
import time
from pathlib import Path

from eegnets.run_folder import RunError
from eegnets.translation import _

KEPT = 24 * 3600.0  # seconds


class Trash:
    """The deleted runs of one folder of runs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.path = root / ".trash"

    def put(self, path: Path) -> None:
        """Move a run's folder here, and let go what has been here for a day."""
        self.empty(KEPT)
        self.path.mkdir(exist_ok=True)
        shutil.rmtree(self.path / path.name, ignore_errors=True)
        path.rename(self.path / path.name)
        os.utime(self.path / path.name)  # a folder's own date is not that of its move

    def restore(self, run_id: str) -> None:
        """Bring a run back; raises RunError where it is not here or its place is taken."""
        if run_id not in self.ids():
            raise RunError(
                _("run {run} is not in the trash, where runs stay for a day; it cannot come back.", run=run_id)
            )
        if (self.root / run_id).exists():
            raise RunError(_("a run {run} is there already; delete that one first.", run=run_id))
        (self.path / run_id).rename(self.root / run_id)

    def ids(self) -> list[str]:
        """The runs that can come back, the last deleted first."""
        return [entry.name for entry in sorted(self._entries(), key=_since, reverse=True) if _age(entry) < KEPT]

    def empty(self, older_than: float = 0.0) -> None:
        """Delete for good what has been here for so many seconds."""
        for entry in self._entries():
            if _age(entry) >= older_than:
                shutil.rmtree(entry.path, ignore_errors=True)

    def _entries(self) -> list[os.DirEntry[str]]:
        try:
            return [entry for entry in os.scandir(self.path) if entry.is_dir(follow_symlinks=False)]
        except OSError:
            return []


def _since(entry: os.DirEntry[str]) -> float:
    return entry.stat().st_mtime


def _age(entry: os.DirEntry[str]) -> float:
    return time.time() - _since(entry)
