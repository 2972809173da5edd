"""What the owners of runs call themselves: a display name for an id that a browser got by chance."""

import json
from pathlib import Path

from eegnets.atomic import write_whole
from eegnets.config import InputError

LONGEST = 24  # characters of a name


class Owners:
    """The names, in a small file beside the runs."""

    def __init__(self, root: Path) -> None:
        self.path = root / ".owners.json"

    def name(self, owner: str) -> str:
        """What an owner calls themselves; nothing where they have not said."""
        return self._names().get(owner, "")

    def rename(self, owner: str, name: str) -> None:
        """Give an owner a name, or none; raises InputError for one that is too long or that somebody else has."""
        name = " ".join(name.split())
        names = self._names()
        if len(name) > LONGEST:
            raise InputError(f"a name has at most {LONGEST} characters; this one has {len(name)}.")
        if name and any(other == name and whose != owner for whose, other in names.items()):
            raise InputError(f"somebody here is called {name} already; add a letter to tell you apart.")
        kept = {whose: other for whose, other in names.items() if whose != owner} | ({owner: name} if name else {})
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self.path, (json.dumps(kept, ensure_ascii=False, indent=1) + "\n").encode())

    def _names(self) -> dict[str, str]:
        try:
            stored = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return {str(owner): str(name) for owner, name in stored.items()} if isinstance(stored, dict) else {}
