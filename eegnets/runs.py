"""Run folders: the only place that knows how a run is stored.

A run is a folder one can read with `cat`. `config.json` is there from the first moment, `history.jsonl` gains a line an
epoch, everything else is replaced whole; `result.json` comes last.
"""

import contextlib
import json
import os
import platform
import re
import secrets
import shutil
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import filelock
import pandas as pd

from eegnets import __version__
from eegnets.atomic import write_whole
from eegnets.config import InputError, RunConfig, unknown

FORMAT = 1
STALE = 5.0  # seconds without a heartbeat after which a run counts as interrupted
BEAT = 1.0  # seconds between heartbeats
ACTIVE = ("queued", "running", "paused")
STATES = (*ACTIVE, "stopped", "finished", "failed", "interrupted", "damaged")
SCORES = {"last": "Last epoch", "best_validation": "Chosen on validation", "best_test": "Best test epoch"}


class RunError(InputError):
    """A run folder that cannot be read or written; the message names the file and the repair."""


def runs_root() -> Path:
    """Where runs are kept: EEGNETS_RUNS, else the folder `runs`."""
    return Path(os.environ.get("EEGNETS_RUNS") or "runs")


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
        if stored is None:
            raise RunError(f"{self.path} is no run: it has no readable config.json.")
        if stored.get("format", FORMAT) > FORMAT:
            raise RunError(
                f"run {self.id} was made by a newer version ({stored['format']} > {FORMAT}); update this one."
            )
        return stored

    @property
    def config(self) -> RunConfig:
        """What the run was asked to do."""
        stored = self.about()
        return RunConfig.from_dict({part: stored[part] for part in ("data", "model", "training") if part in stored})

    # How it stands

    @property
    def status(self) -> Status:
        """The state as it is, not as it was last written: without a heartbeat, a running run is interrupted."""
        stored = self._read_json("status.json")
        if stored is None:
            return Status("damaged", "status.json cannot be read.")
        status = Status(**{key: stored[key] for key in ("state", "message", "worker", "heartbeat") if key in stored})
        if status.state in ("running", "paused") and time.time() - status.heartbeat > STALE:
            return Status("interrupted", f"Its worker ({status.worker}) gave no sign for {STALE:g} s.", status.worker)
        return status

    def stamp(self) -> int:
        """A number that changes whenever the status does."""
        with contextlib.suppress(OSError):
            return (self.path / "status.json").stat().st_mtime_ns
        return 0

    def set_status(self, state: str, message: str = "") -> None:
        """Say how the run stands from now on."""
        worker = f"{socket.gethostname()}:{os.getpid()}"
        with self._writing:
            self._write_json("status.json", asdict(Status(state, message, worker, time.time())))

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """Hold a queued run while working on it, with a heartbeat; raises RunError where somebody else has it."""
        lock = filelock.FileLock(self.path / ".lock", timeout=0)
        try:
            lock.acquire()
        except filelock.Timeout:
            raise RunError(f"run {self.id} is being worked on by another process.") from None
        try:
            if self.status.state != "queued":  # asked under the lock: whoever had it may just have ended it
                raise RunError(f"run {self.id} is not waiting to be worked on: it is {self.status.state}.")
            with self._beating():
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

    # What the user asks while it runs

    def ask(self, **request: object) -> None:
        """Leave a request (`action="stop"`) for whoever works on the run."""
        self._write_json("control.json", (self._read_json("control.json") or {}) | request)

    def asked(self) -> dict[str, Any]:
        """What the user last asked."""
        return self._read_json("control.json") or {}

    # What came of it

    def append(self, record: Mapping[str, Any]) -> None:
        """Add an epoch's record to the history, whole or not at all."""
        line = json.dumps(record, allow_nan=False) + "\n"
        path = self.path / "history.jsonl"
        before = path.stat().st_size if path.exists() else 0
        try:
            with path.open("a", encoding="utf-8") as file:
                file.write(line)
        except OSError:
            with contextlib.suppress(OSError):
                os.truncate(path, before)
            raise

    def history(self) -> list[dict[str, Any]]:
        """Every epoch's record so far; a last line still being written is left out."""
        try:
            text = (self.path / "history.jsonl").read_text(encoding="utf-8")
        except OSError:
            return []
        whole = text[: text.rfind("\n") + 1].splitlines()
        try:
            return [json.loads(line) for line in whole]
        except ValueError:
            raise RunError(f"run {self.id}: history.jsonl has a damaged line; delete the run or mend it.") from None

    def result(self) -> dict[str, Any] | None:
        """The contents of result.json, or None while the run has not ended."""
        return self._read_json("result.json")

    def finish(self, state: str, message: str = "") -> dict[str, Any]:
        """Write the result, then the state: the last two things of a run."""
        history = self.history()
        result = {"status": state, "seconds": sum(record["seconds"] for record in history), **summary(history)}
        self._write_json("result.json", result)
        self.set_status(state, message)
        return result

    def save_predictions(self, predictions: pd.DataFrame) -> None:
        """Store the test trials' probabilities: trial, subject, label, one column per class name."""
        self._write("predictions.csv", predictions.to_csv(index=False).encode())

    def predictions(self) -> pd.DataFrame | None:
        """The test trials' probabilities, or None where there are none."""
        try:
            return pd.read_csv(self.path / "predictions.csv", dtype={"subject": str, "label": str})
        except (OSError, ValueError):
            return None

    def save_weights(self, weights: bytes) -> None:
        """Replace model.safetensors by already serialised weights."""
        self._write("model.safetensors", weights)

    @property
    def weights_path(self) -> Path:
        """Where the kept weights are (once an epoch has ended)."""
        return self.path / "model.safetensors"

    # Files

    def _read_json(self, name: str) -> dict[str, Any] | None:
        try:
            stored = json.loads((self.path / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return stored if isinstance(stored, dict) else None

    def _write_json(self, name: str, content: Mapping[str, Any]) -> None:
        self._write(name, (json.dumps(content, indent=2, allow_nan=False) + "\n").encode())

    def _write(self, name: str, content: bytes) -> None:
        write_whole(self.path / name, content)


def summary(history: list[dict[str, Any]]) -> dict[str, dict[str, Any] | None]:
    """The three scores of a history, kept apart: each an epoch's record, or None where there is no such fold.

    `last` is the last epoch; `best_validation` the epoch of highest validation accuracy (the lower loss on a tie);
    `best_test` the first epoch of highest test accuracy, as the lab report counts: it has looked at the test set.
    """
    validated = [record for record in history if record["validation_accuracy"] is not None]
    tested = [record for record in history if record["test_accuracy"] is not None]
    return {
        "last": history[-1] if history else None,
        "best_validation": max(validated, key=_validation_rank, default=None),
        "best_test": max(tested, key=lambda record: record["test_accuracy"], default=None),
    }


def _validation_rank(record: Mapping[str, Any]) -> tuple[float, float]:
    return record["validation_accuracy"], -record["validation_loss"]


class RunStore:
    """A folder of run folders."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or runs_root()
        self._ended: dict[str, tuple[int, Status]] = {}
        self._rows: dict[str, tuple[int, dict[str, Any]]] = {}

    def create(self, config: RunConfig, *, owner: str = "", group: str = "", name: str = "") -> Run:
        """Make the folder of a queued run; it appears with its config and status or not at all.

        Raises RunError where the folder cannot be written.
        """
        about = {"format": FORMAT, "created": time.time(), "owner": owner, "group": group, "name": name}
        try:
            return self._create(about | config.to_dict() | {"versions": _versions()}, _new_id(config))
        except OSError as error:
            raise RunError(
                f"cannot write to the runs folder {self.root} ({error.strerror or error}); free some space, allow "
                "writing, or choose another folder with --runs or EEGNETS_RUNS."
            ) from error

    def _create(self, about: dict[str, Any], run_id: str) -> Run:
        self.root.mkdir(parents=True, exist_ok=True)
        partial = Run(self.root / f".new-{run_id}")
        partial.path.mkdir()
        try:
            partial._write_json("config.json", about)
            partial.set_status("queued")
            partial.path.rename(self.root / run_id)
        except OSError:
            shutil.rmtree(partial.path, ignore_errors=True)
            raise
        return Run(self.root / run_id)

    def get(self, run_id: str) -> Run:
        """The run of that id; raises RunError where there is none."""
        if re.fullmatch(r"[\w][\w.-]*", run_id) and (self.root / run_id / "config.json").is_file():
            return Run(self.root / run_id)
        raise RunError(unknown("run", run_id, [run.id for run in self.runs()[:5]] or [f"nothing yet in {self.root}"]))

    def runs(self) -> list[Run]:
        """Every run, the newest first."""
        try:
            entries = [Path(entry.path) for entry in os.scandir(self.root) if _is_run(entry)]
        except OSError:
            return []
        return [Run(path) for path in sorted(entries, key=lambda path: path.name, reverse=True)]

    def active(self) -> list[Run]:
        """The runs that are queued, running or paused, the oldest first."""
        return [run for run in reversed(self.runs()) if self._status(run).active]

    def table(self) -> list[dict[str, Any]]:
        """`describe` of every run, the newest first; a run that has ended is read once."""
        return [self._described(run) for run in self.runs()]

    def _status(self, run: Run) -> Status:
        """The status, read again only where it can have changed: thousands of ended runs are looked at every second."""
        stamp = run.stamp()
        known = self._ended.get(run.id)
        if known and known[0] == stamp:
            return known[1]
        status = run.status
        if not status.active:
            self._ended[run.id] = (stamp, status)
        return status

    def _described(self, run: Run) -> dict[str, Any]:
        stamp = run.stamp()
        known = self._rows.get(run.id)
        if known and known[0] == stamp:
            return known[1]
        row = describe(run)
        if row["state"] not in ACTIVE:
            self._rows[run.id] = (stamp, row)
        return row


def _is_run(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir() and not entry.name.startswith(".") and (Path(entry.path) / "config.json").exists()


def _new_id(config: RunConfig) -> str:
    names = f"{config.model.name}-{config.model.activation}".lower()
    return f"{time.strftime('%Y%m%d-%H%M%S')}-{names}-{secrets.token_hex(2)}"


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), "torch": version("torch"), "eegnets": __version__}


def describe(run: Run) -> dict[str, Any]:
    """One run as a flat row: id, state, settings and scores; a damaged run says so in `state` and `message`."""
    status = run.status
    row: dict[str, Any] = {"id": run.id, "state": status.state, "message": status.message, "created": run.stamp() / 1e9}
    try:
        about, config = run.about(), run.config
        found = run.result() or summary(run.history())
    except InputError as error:
        return row | {"state": "damaged", "message": str(error)}
    row |= {key: about.get(key, "") for key in ("name", "owner", "group", "created")}
    row |= {"source": config.data.source, "subjects": list(config.data.subjects)}
    row |= {"model": config.model.name} | {k: v for k, v in asdict(config.model).items() if k != "name"}
    row |= asdict(config.training) | {"epoch": found["last"]["epoch"] if found.get("last") else 0}
    return row | _scores(found)


def _scores(found: Mapping[str, Any]) -> dict[str, Any]:
    scores = {name: found.get(name) for name in SCORES}
    row: dict[str, Any] = {name: record and record["test_accuracy"] for name, record in scores.items()}
    row |= {f"{name}_epoch": record and record["epoch"] for name, record in scores.items()}
    return row | {"seconds": found.get("seconds")}
