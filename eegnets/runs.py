"""All runs: a folder of run folders, and each run as a row of a table."""

import contextlib
import os
import platform
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from eegnets import __version__
from eegnets.config import SETTINGS, DataConfig, InputError, RunConfig, TrainingConfig, unknown
from eegnets.evaluation import SCORES
from eegnets.run_folder import FORMAT, NOTES, Run, RunError
from eegnets.run_status import ACTIVE, LATEST, STATES, Status
from eegnets.scores import amount, epoch, share, summary
from eegnets.translation import N_, _
from eegnets.trash import Trash

__all__ = [
    "ACTIVE",
    "SCORES",
    "STATES",
    "Run",
    "RunError",
    "RunStore",
    "Status",
    "adjustments",
    "asked",
    "describe",
    "distinct",
    "owner_of",
    "runs_root",
    "summary",
]


RUN_ID = r"\w[\w.-]{0,200}"
LONGEST = 200  # characters of an owner or a group
# Settings that make no network another one: two runs that differ in them alone are one sample.
SAME = {name: getattr(TrainingConfig(), name) for name in ("threads", "device", "engine", "keep", "instruments")}


def runs_root() -> Path:
    """Where runs are kept: EEGNETS_RUNS, else the folder `runs`."""
    return Path(os.environ.get("EEGNETS_RUNS") or "runs")


def unwritable_root(root: Path, error: OSError) -> RunError:
    """The words for a folder of runs that cannot be written."""
    return RunError(
        _(
            "cannot write to the runs folder {folder} ({why}); free some space, allow writing, or choose another "
            "folder with --runs or EEGNETS_RUNS.",
            folder=root,
            why=error.strerror or error,
        )
    )


class RunStore:
    """A folder of run folders."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or runs_root()
        self.trash = Trash(self.root)
        self._ended: dict[str, tuple[int, Status]] = {}
        self._rows: dict[str, tuple[tuple[int, int], dict[str, Any]]] = {}

    def create(
        self,
        config: RunConfig,
        *,
        owner: str = "",
        group: str = "",
        name: str = "",
        in_step: bool = False,
        fill: Callable[[Run], object] | None = None,
    ) -> Run:
        """Make the folder of a queued run; it appears with its config and status or not at all.

        `in_step`: it takes turns with the runs of its group, a few epochs each. `fill`: gives it all else, and another
        status, before anybody sees it.
        Raises RunError where the folder cannot be written.
        """
        about = {"format": FORMAT, "created": time.time(), "owner": owner, "group": group, "name": name}
        about |= {"in_step": True} if in_step else {}
        try:
            return self._create(about | config.to_dict() | {"versions": _versions()}, _new_id(config), fill)
        except OSError as error:
            raise unwritable_root(self.root, error) from error

    def _create(self, about: dict[str, Any], run_id: str, fill: Callable[[Run], object] | None) -> Run:
        self.root.mkdir(parents=True, exist_ok=True)
        partial = Run(self.root / f".new-{run_id}")
        partial.path.mkdir()
        try:
            partial._write_json("config.json", about)
            partial.set_status("queued")
            if fill:
                fill(partial)
            partial.path.rename(self.root / run_id)
        except BaseException:
            shutil.rmtree(partial.path, ignore_errors=True)
            raise
        return Run(self.root / run_id)

    def get(self, run_id: str) -> Run:
        """The run of that id; raises RunError where there is none."""
        if re.fullmatch(RUN_ID, run_id) and _is_file(self.root / run_id / "config.json"):
            return Run(self.root / run_id)
        there = [run.id for run in self.runs()[:5]] or [_("nothing yet in {folder}", folder=self.root)]
        raise RunError(unknown(N_("run"), run_id, there))

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

    def delete(self, run_id: str) -> str:
        """Move a run to the trash; what it is called there. Raises RunError while it waits or trains."""
        run = self.get(run_id)
        with run.held():
            self._check_there(run)
            if run.status.state in ("queued", "running"):
                state = _(run.status.state)
                raise RunError(_("run {run} cannot be deleted: it is {state}. Stop it first.", run=run_id, state=state))
            return self.trash.put(run.path)

    def _check_there(self, run: Run) -> None:
        """Raise RunError for a run that was deleted before it was held; to hold it has made its folder anew."""
        if not (run.path / "config.json").is_file():
            (run.path / ".lock").unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                run.path.rmdir()
            self.get(run.id)

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
        stamp = run.stamp(), run.stamp("notes.json")
        known = self._rows.get(run.id)
        if known and known[0] == stamp:
            return known[1]
        row = describe(run)
        if row["state"] not in (*ACTIVE, "damaged"):  # what is damaged is told anew, in the reader's language
            self._rows[run.id] = (stamp, row)
        return row


def shipped() -> RunStore:
    """The checkpoints that ship with the project: finished runs like any other."""
    return RunStore(Path(__file__).parents[1] / "checkpoints")


def _is_run(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir() and not entry.name.startswith(".") and (Path(entry.path) / "config.json").exists()


def _is_file(path: Path) -> bool:
    with contextlib.suppress(OSError):  # of a name that no disk takes, it cannot be asked
        return path.is_file()
    return False


def _new_id(config: RunConfig) -> str:
    names = f"{config.model.name}-{config.model.activation}".lower()
    return f"{time.strftime('%Y%m%d-%H%M%S')}-{names}-{secrets.token_hex(4)}"  # a sweep makes hundreds in one second


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), "torch": version("torch"), "eegnets": __version__}


def owner_of(run: Run) -> str:
    """Whose a run is, even one that a newer version made; "" where it is nobody's, or that cannot be read."""
    return str((run._read_json("config.json") or {}).get("owner", ""))[:LONGEST]


def describe(run: Run) -> dict[str, Any]:
    """One run as a flat row: id, state, settings and scores; a damaged run says so in `state` and `message`."""
    status = run.status
    row: dict[str, Any] = {"id": run.id, "state": status.state, "message": status.message, "created": run.stamp() / 1e9}
    try:
        return row | _read(run)
    except InputError as error:
        return row | {"state": "damaged", "message": str(error)}
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, OSError) as error:  # somebody else's
        return row | {"state": "damaged", "message": _("Its files are not as expected ({error!r}).", error=error)}


def _read(run: Run) -> dict[str, Any]:
    about, config, notes = run.about(), run.config, run.notes()
    found = run.result() or summary(run.history())
    row = {key: str(about.get(key, ""))[:LONGEST] for key in ("owner", "group")}
    row |= {"created": _created(about.get("created") or run.stamp() / 1e9)}
    row |= notes | {"name": notes["name"] or str(about.get("name", ""))[: NOTES["name"]]}
    row |= {"source": config.data.source, "subjects": list(config.data.subjects), "options": config.data.options}
    row |= {"model": config.model.name} | {k: v for k, v in asdict(config.model).items() if k != "name"}
    row |= asdict(config.training) | {"epoch": epoch(found["last"]["epoch"]) if found.get("last") else 0}
    return row | {"changed": _changed(run, config)} | _scores(found) | _conditions(run, about, config)


def _created(value: Any) -> float:
    """When a run was made, in s since 1970; ValueError for what is no time."""
    if not 0 <= float(value) < LATEST:
        raise ValueError(f"created {value!r}")
    return float(value)


def _changed(run: Run, config: RunConfig) -> dict[str, list[float]]:
    """What was changed while the run trained, though it may have been changed back: setting -> its other values."""
    asked_for = adjustments(run)
    history = run.history() if asked_for else []
    found = {}
    for name, value in asked_for.items():
        used = dict.fromkeys([*(record[name] for record in history if name in record), value])
        others = [float(one) for one in used if one != getattr(config.training, name)]
        found |= {name: others} if others else {}
    return found


def adjustments(run: Run) -> dict[str, float]:
    """What the user asked to be changed while the run trains; what no setting allows is left out."""
    asked = run.asked()
    found = {}
    for name in ("learning_rate", "weight_decay"):
        with contextlib.suppress(InputError):
            if name in asked:
                found[name] = TrainingConfig.table()[name].check(asked[name])
    return found


def _conditions(run: Run, about: Mapping[str, Any], config: RunConfig) -> dict[str, Any]:
    """Which device computed ("" where nobody knows), and how many training trials there were (0: unknown)."""
    met = run.conditions()
    known = config.training.device
    if known == "auto":  # a PyTorch for the processor alone leaves no choice
        known = "cpu" if str(about.get("versions", {}).get("torch", "")).endswith("+cpu") else ""
    return {"computed_on": str(met.get("device", known)), "train_trials": int(met.get("trials", {}).get("train", 0))}


def asked(row: Mapping[str, Any]) -> RunConfig:
    """What the run of a row (as `describe` gives it, not damaged) was asked to do."""
    settings = {name: row["model" if name == "name" else name] for name in SETTINGS}
    return RunConfig(DataConfig(options=dict(row["options"]))).with_(**settings)


def distinct(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The rows (of no damaged run) less those of runs that were asked the same as another, seed included.

    A network that is trained again with its seed reaches the same figures again, wherever and by which engine it is
    computed, whichever weights are kept and whether instruments are read: to statistics it is one sample, unless a
    setting was changed while it trained. Of such runs the first is taken, or the first that has finished.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        key = f"{asked(row).with_(**SAME).to_dict()} {row['changed']}"
        if key not in found or (row["state"] == "finished") > (found[key]["state"] == "finished"):
            found[key] = row
    return list(found.values())


def _scores(found: Mapping[str, Any]) -> dict[str, Any]:
    scores = {name: found.get(name) for name in SCORES}
    row: dict[str, Any] = {name: record and share(record["test_accuracy"]) for name, record in scores.items()}
    row |= {f"{name}_epoch": record and epoch(record["epoch"]) for name, record in scores.items()}
    return row | {"seconds": amount(found.get("seconds"))}
