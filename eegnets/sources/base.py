"""The contract of a source: what it says of itself, whether its trials are here, and how they come."""

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import pooch

from eegnets.config import InputError, Setting, lookup
from eegnets.translation import _
from eegnets.trials import Trials

Progress = Callable[[str, int, int], None]  # file name, bytes so far, bytes in all (0: not known)

MAX_BYTES = 2**30  # what a packed file may unpack to: a few kilobytes can declare more than any memory holds


class SourceError(InputError):
    """Trials that cannot be had: absent, unreadable or not what they should be; the message says the repair."""


def unreadable(path: Path, error: OSError) -> SourceError:
    """The message for a file or folder that the system will not let us read."""
    reason = error.strerror or str(error)
    return SourceError(
        _(
            "{path} cannot be read ({reason}). Check that it exists and that you may read it and its folder.",
            path=path,
            reason=reason,
        )
    )


def listing(folder: Path) -> frozenset[str]:
    """The names in a folder, none where it does not exist; raises SourceError where it may not be read."""
    try:
        return frozenset(entry.name for entry in folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return frozenset()
    except OSError as error:
        raise unreadable(folder, error) from error


def within(from_dir: Path, folder: str) -> Path:
    """Where a folder that is copied from has a source's files: as another data root, or itself."""
    nested = from_dir / folder
    return nested if nested.is_dir() else from_dir


def data_root() -> Path:
    """Where recordings are kept: EEGNETS_DATA, else a cache folder of the user's."""
    return Path(os.environ.get("EEGNETS_DATA") or pooch.os_cache("eegnets") / "data")


@dataclass(frozen=True)
class State:
    """Whether a source's trials can be loaded now ("ready"), or brought ("fetch"), or must be put there ("manual").

    `how` is a sentence: what is there, or what to do. `subjects` are those that can be loaded now; `more`: whether one
    click brings others.
    """

    state: Literal["ready", "fetch", "manual"]
    how: str
    subjects: tuple[str, ...] = ()
    more: bool = False


class Source(ABC):
    """One place that trials come from. Instances hold no data; every method that reads is told the data root."""

    name: ClassVar[str]
    title: ClassVar[str]  # this and the other texts: marked for the catalogue, translated where they are shown
    about: ClassVar[str]  # two or three sentences for a student: who, what task, how recorded
    caution: ClassVar[str] = ""  # where the marked times of the task are not those of the signal
    licence: ClassVar[str]
    cite: ClassVar[str]
    size: ClassVar[str]  # of the download, in words: "3 MB"
    subjects: ClassVar[tuple[str, ...]]  # everyone the source can have
    by_subject: ClassVar[bool] = False  # whether `fetch` can be told whom to bring (`subjects`)
    options: ClassVar[Mapping[str, Setting]] = {}
    version: ClassVar[int] = 1  # raised when the same files give other trials: old caches are then left alone

    @abstractmethod
    def state(self, root: Path) -> State:
        """Look (cheaply, without reading a recording) whether the trials are here."""

    def usual(self, root: Path, subjects: tuple[str, ...]) -> tuple[str, ...]:
        """Whose trials are meant where nobody is named, of those that are here: everybody's."""
        return subjects

    @abstractmethod
    def files(self, root: Path, subjects: tuple[str, ...]) -> list[Path]:
        """The files that `load` reads for these subjects; their sizes and times key the cache."""

    @abstractmethod
    def load(self, root: Path, subjects: tuple[str, ...], **options: Any) -> Trials:
        """Read the trials of `subjects`; raises SourceError that says what is wrong and how to mend it."""

    def fetch(self, root: Path, from_dir: Path | None = None, progress: Progress | None = None) -> list[Path]:
        """Bring the files into `root`, from the net or from a folder; returns them. Whole files or none."""
        raise SourceError(_("{source} needs no fetch: its trials are made on this machine.", source=_(self.title)))

    def check_options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Every option, given or default; raises InputError for one that is unknown or out of bounds."""
        for name in options:
            if not self.options:
                raise InputError(
                    _("{source} has no options; got {name!r}. Leave --option out.", source=self.name, name=name)
                )
            lookup(self.options, _("option of {source}", source=self.name), name)
        return {name: rule.check(options.get(name, rule.default)) for name, rule in self.options.items()}
