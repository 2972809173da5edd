"""Every source of trials, by name, and the one way to load them: checked, cached, of the subjects asked for."""

import contextlib
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pooch

from eegnets.config import DataConfig, InputError, lookup, unknown
from eegnets.sources.base import Progress, Source, SourceError, State, data_root, unreadable
from eegnets.sources.course_npz import CourseNpz
from eegnets.sources.files import Files
from eegnets.sources.graz_iiib import GrazIIIb
from eegnets.sources.moabb import Moabb
from eegnets.sources.physionet_mi import PhysionetMi
from eegnets.sources.scp1 import Scp1
from eegnets.sources.simulated import Simulated
from eegnets.translation import _
from eegnets.trials import Trials

__all__ = ["SOURCES", "Progress", "Source", "SourceError", "State", "check", "data_root", "load"]

_ALL = (
    Simulated(),
    GrazIIIb(),
    CourseNpz(),
    PhysionetMi(),
    Moabb(),
    Scp1(),
    Files(),
)

SOURCES: dict[str, Source] = {source.name: source for source in _ALL}


def check(config: DataConfig) -> DataConfig:
    """The config with subjects and options made explicit; raises InputError for what the source does not have."""
    source = lookup(SOURCES, _("source"), config.source)
    state = source.state(data_root())
    have = tuple(dict.fromkeys((*source.subjects, *state.subjects)))  # some sources take whoever's files are there
    for name in config.subjects:
        if name not in have:
            raise InputError(unknown(_("subject of {source}", source=source.name), name, have))
    if state.state != "ready":
        raise SourceError(_("There are no trials of “{source}” here yet. {how}", source=_(source.title), how=state.how))
    absent = [name for name in config.subjects if name not in state.subjects]
    if absent:
        missing = {"source": _(source.title), "who": ", ".join(absent)}
        raise SourceError(_("{source}: the files of {who} are not here. {how}", **missing, how=state.how))
    named = tuple(dict.fromkeys(config.subjects))  # twice the same would be copies across a split
    subjects = named or source.usual(data_root(), state.subjects)
    return config.with_(subjects=subjects, options=source.check_options(config.options))


def load(config: DataConfig) -> Trials:
    """The trials a config asks for, out of the cache where the files have not changed since.

    Raises InputError for a wrong choice, SourceError for data that is absent or cannot be read.
    """
    config = check(config)
    source, root = SOURCES[config.source], data_root()
    cached = _cache_path(source, source.files(root, config.subjects), config.subjects, config.options)
    with contextlib.suppress(Exception):  # absent, or damaged in whatever way (NumPy raises many kinds): made anew
        return Trials.load(cached)
    trials = source.load(root, config.subjects, **config.options)
    with contextlib.suppress(OSError):  # a full or read-only cache only costs time
        trials.save(cached)
        _forget_oldest(cached.parent)
    return trials


def _forget_oldest(folder: Path, keep: int = 16) -> None:
    """Bound the cache: a difficulty slider alone could fill a disk."""
    files = sorted(folder.glob("*.npz"), key=lambda file: file.stat().st_mtime)
    for file in files[:-keep]:
        file.unlink(missing_ok=True)


def _cache_path(source: Source, files: list[Path], subjects: tuple[str, ...], options: Mapping[str, Any]) -> Path:
    stats = [_stat(file) for file in files]
    key = json.dumps([source.version, subjects, dict(options), stats], sort_keys=True)
    digest = hashlib.sha256(key.encode()).hexdigest()[:16]
    return Path(pooch.os_cache("eegnets")) / "trials" / f"{source.name}-{digest}.npz"


def _stat(file: Path) -> tuple[str, int, int]:
    try:
        found = file.stat()
    except OSError as error:
        raise unreadable(file, error) from error
    return str(file.resolve()), found.st_size, found.st_mtime_ns
