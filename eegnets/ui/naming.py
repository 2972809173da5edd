"""How a run is called wherever it is named: in menus, headings and legends."""

import contextlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from eegnets.comparison import told_apart
from eegnets.config import InputError
from eegnets.run_folder import NOTES
from eegnets.runs import Run, shipped


def label(run: Run) -> str:
    """A run's short name: its own, else network, activation and what tells it from its like.

    That is the data of one that ships with the project, and of others the end of the id.
    """
    return _label(run.path, run.stamp("notes.json"), run.stamp("config.json"))


@lru_cache(maxsize=4096)  # a menu names every network, at each rerun
def _label(path: Path, *_stamps: int) -> str:
    run = Run(path)
    config = run.config
    which = f"({config.data.source})" if run.path.parent == shipped().root else run.id[-4:]
    return _own_name(run) or f"{config.model.name} {config.model.activation} {which}"


def labels(runs: Iterable[Run]) -> dict[str, str]:
    """Run id -> what the run is called among these; of two with the same name, their ids."""
    return told_apart({run.id: label(run) for run in runs})


def _own_name(run: Run) -> str:
    with contextlib.suppress(InputError):  # damaged notes are told where they are written
        return run.notes()["name"] or str(run.about().get("name", ""))[: NOTES["name"]]
    return ""
