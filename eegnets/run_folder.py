"""One run folder: the only place that knows how a run is stored.

A run is a folder one can read with `cat`. `config.json` is there from the first moment, `history.jsonl` gains a line an
epoch (`instruments.jsonl` too, where they are asked for), everything else is replaced whole; `result.json` comes last.
"""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import filelock
import pandas as pd

from eegnets import json_lines
from eegnets.atomic import changing, write_whole
from eegnets.config import InputError, RunConfig
from eegnets.machine import has_gone, this_process
from eegnets.run_status import ACTIVE, AFTER, GONE, RESUMABLE, SILENT, Status
from eegnets.scores import check, summary
from eegnets.translation import N_, _

FORMAT = 1
STALE = 5.0  # seconds without a heartbeat after which a run counts as interrupted
BEAT = 1.0  # seconds between heartbeats
NOTES = {N_("name"): 80, N_("note"): 2000}  # characters
UNDERWAY = ("epoch", "seen", "trials", "train_loss", "train_accuracy")


class RunError(InputError):
    """A run folder that cannot be read or written, or cannot do what is asked; the message names it and the repair."""


class Busy(RunError):
    """Somebody works on the run at this moment."""


def unwritable(run_id: str, error: OSError) -> RunError:
    """The words for a run whose folder cannot be written."""
    return RunError(_("run {run} cannot be written ({why}); free some space.", run=run_id, why=error.strerror or error))


class Run:
    """One run folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.id = path.name
        self._writing = threading.Lock()

    # What it was asked to do

    def about(self) -> dict[str, Any]:
        """All of config.json; raises RunError where it is damaged or was made by a newer version."""
        stored = self._read_json("config.json")
        if stored is None or not isinstance(stored.get("format", FORMAT), int):
            raise RunError(_("{path} is no run: it has no readable config.json.", path=self.path))
        made = {"newer": stored.get("format", FORMAT), "this": FORMAT}
        if made["newer"] > made["this"]:
            newer = _("run {run} was made by a newer version ({newer} > {this}); update this one.", run=self.id, **made)
            raise RunError(newer)
        return stored

    @property
    def config(self) -> RunConfig:
        """What the run was asked to do."""
        stored = self.about()
        asked = {part: stored[part] for part in ("data", "model", "training") if part in stored}
        return RunConfig.from_json(json.dumps(asked))

    # How it stands

    @property
    def status(self) -> Status:
        """The state as it is, not as it was last written: without a worker or its heartbeat, a run is interrupted."""
        status = self._stored_status()
        silent = time.time() - status.heartbeat > STALE
        if status.state == "running" and (silent or has_gone(status.worker)):
            why = SILENT.format(worker=status.worker, seconds=STALE) if silent else GONE
            return Status("interrupted", why, status.worker)
        return status

    def _stored_status(self) -> Status:
        return Status.read(self._read_json("status.json"))

    def stamp(self, name: str = "status.json") -> int:
        """A number that changes whenever the file does; 0 where there is none."""
        with contextlib.suppress(OSError):
            return (self.path / name).stat().st_mtime_ns
        return 0

    def set_status(self, state: str, message: str = "") -> None:
        """Say how the run stands from now on."""
        with self._writing:
            self._write_json("status.json", asdict(Status(state, message, this_process(), time.time())))

    @contextlib.contextmanager
    def working(self, *, take_over: bool = False) -> Iterator[None]:
        """Hold a queued run while working on it, with a heartbeat; raises RunError where somebody else has it.

        `take_over`: also a run whose worker died (the lock is free, so nobody works on it).
        """
        with self.held():
            state = self._stored_status().state  # asked under the lock: whoever had it may just have ended it
            if state != "queued" and not (take_over and state == "running"):
                state = _(self.status.state)
                raise RunError(_("run {run} is not waiting to be worked on: it is {state}.", run=self.id, state=state))
            with self._beating():
                yield

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Keep everybody else from working on the run meanwhile; raises Busy where somebody does."""
        lock = filelock.FileLock(self.path / ".lock", timeout=0)
        try:
            lock.acquire()
        except filelock.Timeout:
            raise Busy(_("run {run} is being worked on by another process.", run=self.id)) from None
        except OSError as error:
            why = error.strerror or error
            raise RunError(_("run {run} cannot be worked on ({why}).", run=self.id, why=why)) from error
        try:
            yield
        finally:
            lock.release()

    @contextlib.contextmanager
    def _beating(self) -> Iterator[None]:
        done = threading.Event()
        beating = threading.Thread(target=self._beat, args=(done,), daemon=True)
        self.set_status("running")
        beating.start()
        try:
            yield
        finally:
            done.set()
            beating.join()

    def _beat(self, done: threading.Event) -> None:
        while not done.wait(BEAT):
            with self._writing, contextlib.suppress(OSError, TypeError):  # the next beat may succeed
                stored = self._read_json("status.json")
                self._write_json("status.json", stored | {"heartbeat": time.time()})

    # What the user asks

    def ask(self, **request: object) -> None:
        """Leave a request for whoever works on the run: `action` (pause, step, stop), learning_rate, weight_decay."""
        with self._written(), changing(self.path / "control.json"):
            self._write_json("control.json", self.asked() | request)

    def asked(self) -> dict[str, Any]:
        """What the user last asked."""
        return self._read_json("control.json") or {}

    def pause(self) -> None:
        """Pause at the end of the epoch in work, or at once where none is; raises RunError for a run that has ended."""
        self._halt("pause", "paused")

    def stop(self) -> None:
        """Stop at the next batch, or at once where nobody works on it; raises RunError for a run that has ended."""
        self._halt("stop", "stopped")

    def _halt(self, action: str, state: str) -> None:
        now = self.status.state
        if now not in ACTIVE or now == state:
            raise RunError(
                _("run {run} cannot be {wanted}: it is {state}.", run=self.id, wanted=_(state), state=_(now))
            )
        self.ask(action=action)
        if now == "running":
            return
        # Whoever holds it has just begun, and will see what is asked.
        with self._written(), contextlib.suppress(Busy), self.held():
            if self.status.state in ("queued", "paused"):
                after = AFTER[state].format(n=len(self.history()))
                self.set_status(state, after) if state == "paused" else self.finish(state, after)

    def requeue(self, action: str = "resume") -> None:
        """Let a paused, stopped, failed or interrupted run wait for a worker, to go on after its last whole epoch.

        `action` "step": for one epoch only. Raises RunError where the run cannot go on, InputError where it asks for
        what does not exist; then all stays as it was.
        """
        with self._written(), self.held():  # so nobody works on it, whatever its last sign of life says
            _readable = self.config  # or else it raises, before anything has changed
            state = self._stored_status().state
            if state not in (*RESUMABLE, "running"):
                can = _(" or ").join(map(_, RESUMABLE))
                raise RunError(
                    _("run {run} cannot go on: it is {state}. A {can} run can.", run=self.id, state=_(state), can=can)
                )
            if self.begins_anew():
                raise RunError(
                    _("run {run} can go on only where it trained; train its settings anew instead.", run=self.id)
                )
            self.ask(action=action)
            self.set_status("queued")
            (self.path / "result.json").unlink(missing_ok=True)

    def begins_anew(self) -> bool:
        """Whether what it needs to go on is not here; a first epoch that was all may be trained again."""
        return not self.resume_path.exists() and len(self.history()) > 1

    # What the user says of it

    def notes(self) -> dict[str, Any]:
        """How the user calls the run (`name`), what they remark (`note`), and whether it is starred (`star`)."""
        stored = self._read_json("notes.json") or {}
        words = {key: str(stored.get(key, ""))[:most] for key, most in NOTES.items()}
        return words | {"star": stored.get("star") is True}

    def annotate(self, **changes: Any) -> None:
        """Change `name`, `note` or `star`; raises RunError for a text that is too long."""
        for key in changes.keys() & NOTES:
            most, n = NOTES[key], len(changes[key])
            if n > most:
                raise RunError(_("a run's {what} takes up to {most} characters; got {n}.", what=_(key), most=most, n=n))
        with self._written(), changing(self.path / "notes.json"):
            self._write_json("notes.json", self.notes() | changes)

    # What came of it

    def met(self, **conditions: object) -> None:
        """Store what the run met when it began: `device`, and `trials` (fold -> how many)."""
        self._write_json("conditions.json", conditions)

    def conditions(self) -> dict[str, Any]:
        """What the run met when it began; empty for a run that has not begun or is of an older version."""
        return self._read_json("conditions.json") or {}

    def append(self, record: Mapping[str, Any]) -> None:
        """Add an epoch's record to the history, whole or not at all."""
        json_lines.append(self.path / "history.jsonl", record)

    def history(self) -> list[dict[str, Any]]:
        """Every epoch's record so far; a last line still being written is left out."""
        return self._records("history.jsonl", check)

    def note_underway(self, record: Mapping[str, Any]) -> None:
        """Store how far the epoch in work has come: epoch, seen and trials, train_loss and train_accuracy so far."""
        self._write_json("underway.json", record)

    def underway(self, done: int) -> dict[str, Any] | None:
        """How far the epoch after so many has come; None where nobody has told yet."""
        found = self._read_json("underway.json") or {}
        numbers = all(isinstance(found.get(name), int | float) for name in UNDERWAY)
        whole = numbers and 0 < found["seen"] <= found["trials"]
        return found if whole and found["epoch"] == done + 1 else None

    def append_instruments(self, record: Mapping[str, Any]) -> None:
        """Add what the instruments showed after an epoch."""
        json_lines.append(self.path / "instruments.jsonl", record)

    def instruments(self) -> list[dict[str, Any]]:
        """What the instruments showed before the first epoch and after each; empty where nobody asked for them."""
        return self._records("instruments.jsonl", json_lines.epoch)

    def _records(self, name: str, check: Callable[[dict[str, Any]], object]) -> list[dict[str, Any]]:
        try:
            records = json_lines.read(self.path / name)
            for record in records:
                check(record)
            return records
        except ValueError:
            raise RunError(
                _("run {run}: {file} has a damaged line; delete the run or mend it.", run=self.id, file=name)
            ) from None

    def rewind(self, epochs: int) -> list[dict[str, Any]]:
        """Leave the first epochs of the history and return them; none where not that many are whole."""
        kept = json_lines.keep(self.path / "history.jsonl", lambda record: json_lines.epoch(record) <= epochs)
        if len(kept) < epochs:
            kept = json_lines.keep(self.path / "history.jsonl", lambda record: False)
        json_lines.keep(self.path / "instruments.jsonl", lambda record: json_lines.epoch(record) <= len(kept))
        return kept

    def result(self) -> dict[str, Any] | None:
        """The contents of result.json, or None while the run has not ended."""
        return self._read_json("result.json")

    def finish(self, state: str, message: str = "") -> dict[str, Any]:
        """Write the result, then the state: the last two things of a run."""
        history = self.history()
        result = {"status": state, "seconds": sum(record["seconds"] for record in history), **summary(history)}
        self._write_json("result.json", result)
        (self.path / "underway.json").unlink(missing_ok=True)
        self.set_status(state, message)
        if state == "finished":  # and only then, lest a run that is killed just here begins anew
            self.resume_path.unlink(missing_ok=True)  # three times the weights, and never needed again
        return result

    def save_predictions(self, predictions: pd.DataFrame) -> None:
        """Store the test trials' probabilities: trial, subject, label, one column per class name."""
        self._write("predictions.csv", predictions.to_csv(index=False).encode())

    def predictions(self) -> pd.DataFrame | None:
        """The test trials' probabilities, or None where there are none."""
        try:
            names = {"subject": str, "label": str}  # as they are written: somebody may be called NA, a class "null"
            return pd.read_csv(self.path / "predictions.csv", dtype=names, keep_default_na=False)
        except (OSError, ValueError):
            return None

    def save_weights(self, weights: bytes) -> None:
        """Replace model.safetensors by already serialised weights."""
        self._write("model.safetensors", weights)

    @property
    def weights_path(self) -> Path:
        """Where the kept weights are (once an epoch has ended)."""
        return self.path / "model.safetensors"

    def save_resume(self, state: bytes) -> None:
        """Replace resume.pt by an already serialised state of training."""
        self._write("resume.pt", state)

    @property
    def resume_path(self) -> Path:
        """Where the state of training after the last whole epoch is."""
        return self.path / "resume.pt"

    # Files

    @contextlib.contextmanager
    def _written(self) -> Iterator[None]:
        """Tell in words that the folder cannot be written."""
        try:
            yield
        except OSError as error:
            raise unwritable(self.id, error) from error

    def _read_json(self, name: str) -> dict[str, Any] | None:
        try:
            stored = json_lines.parsed((self.path / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return stored if isinstance(stored, dict) else None

    def _write_json(self, name: str, content: Mapping[str, Any]) -> None:
        self._write(name, (json.dumps(content, indent=2, allow_nan=False) + "\n").encode())

    def _write(self, name: str, content: bytes) -> None:
        write_whole(self.path / name, content)
