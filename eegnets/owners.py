"""Whose run it is: who may steer it, and what the owners of runs call themselves."""

import json
import os
import unicodedata
from pathlib import Path

from eegnets.atomic import changing, write_whole
from eegnets.config import InputError
from eegnets.runs import unwritable_root
from eegnets.translation import _

LONGEST = 24  # characters of a name
SHARED = "EEGNETS_SHARED_CONTROL"


class NotYours(InputError):
    """A run that belongs to somebody else."""


def may_steer(owner: str, me: str, *, alone: bool = False) -> bool:
    """Whether `me` may stop, change, rename or delete a run of `owner`.

    One's own, and one without an owner (the command line made it). Any run where EEGNETS_SHARED_CONTROL is 1, or where
    it is not set and one person is `alone` with the app.
    """
    shared = os.environ.get(SHARED, "").strip() or ("1" if alone else "0")
    return owner in ("", me) or shared == "1"


class Owners:
    """The names, in a small file beside the runs."""

    def __init__(self, root: Path) -> None:
        self.path = root / ".owners.json"

    def name(self, owner: str) -> str:
        """What an owner calls themselves; nothing where they have not said."""
        return self._names().get(owner, "")

    def rename(self, owner: str, name: str) -> None:
        """Give an owner a name, or none.

        Characters that nobody sees are left out. Raises InputError for a name that is too long or looks like one that
        somebody else has, and where the folder cannot be written.
        """
        name = _visible(name)
        if len(name) > LONGEST:
            raise InputError(_("a name has at most {most} characters; this one has {n}.", most=LONGEST, n=len(name)))
        try:
            self._write(owner, name)
        except OSError as error:
            raise unwritable_root(self.path.parent, error) from error

    def _write(self, owner: str, name: str) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with changing(self.path):
            others = {whose: other for whose, other in self._names().items() if whose != owner}
            if name and _looks(name) in map(_looks, others.values()):
                raise InputError(
                    _("somebody here is called {name} already; add a letter to tell you apart.", name=name)
                )
            kept = others | ({owner: name} if name else {})
            write_whole(self.path, (json.dumps(kept, ensure_ascii=False, indent=1) + "\n").encode())

    def _names(self) -> dict[str, str]:
        try:
            stored = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return {str(owner): str(name) for owner, name in stored.items()} if isinstance(stored, dict) else {}


def _visible(name: str) -> str:
    """A name without what controls or turns a text, and without half characters; one blank between its words."""
    words = " ".join(name.split())
    return " ".join("".join(c for c in words if unicodedata.category(c) not in ("Cc", "Cf", "Cs")).split())


def _looks(name: str) -> str:
    """The same for two names that are taken for one another."""
    return unicodedata.normalize("NFKC", _visible(name)).casefold()
