"""How a run stands: the states that it can be in, and what its status.json says."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from eegnets.translation import N_

ACTIVE = (N_("queued"), N_("running"), N_("paused"))
RESUMABLE = ("paused", "stopped", "interrupted", "failed")
STATES = (*ACTIVE, N_("stopped"), N_("finished"), N_("failed"), N_("interrupted"), N_("damaged"))
# What a status tells is kept in English, whoever writes it, and `translation.retold` where it is shown.
SILENT = N_("Its worker ({worker}) gave no sign for {seconds:g} s.")
GONE = N_("Its worker process was killed.")
AFTER = {"paused": N_("Paused after epoch {n}."), "stopped": N_("Stopped after epoch {n}.")}
LONGEST = 4000  # characters of a message that are told
LATEST = 1e11  # s since 1970: a later heartbeat is no time


@dataclass(frozen=True)
class Status:
    """How a run stands: its state, who works on it (host and process), when that one last gave a sign (seconds)."""

    state: str
    message: str = ""
    worker: str = ""
    heartbeat: float = 0.0

    @property
    def active(self) -> bool:
        """Whether the run is still to be worked on."""
        return self.state in ACTIVE

    @classmethod
    def read(cls, stored: Mapping[str, Any] | None) -> Self:
        """What a status.json holds; "damaged" where that is none."""
        status = cls(**{name: (stored or {}).get(name, getattr(cls, name, "")) for name in cls.__dataclass_fields__})
        texts = all(isinstance(text, str) for text in (status.state, status.message, status.worker))
        beat = status.heartbeat
        if texts and status.state in STATES and isinstance(beat, int | float) and abs(beat) < LATEST:
            return replace(status, message=status.message[:LONGEST])
        return cls("damaged", N_("status.json cannot be read."))
