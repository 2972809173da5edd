"""Measurements kept as files: begun in a process of their own, so that they outlive a reload; read back, cancelled."""

import json
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pooch
import psutil

from eegnets import json_lines
from eegnets.atomic import changing
from eegnets.bench_results import LISTS, Result, results
from eegnets.config import DataConfig, InputError
from eegnets.translation import _

KEPT = 30  # measurements, the newest
PROJECT = Path(__file__).parents[1]


def bench_root() -> Path:
    """Where measurements are kept: a cache folder of the user's, as they are about this machine."""
    return Path(pooch.os_cache("eegnets")) / "bench"


@dataclass(frozen=True)
class Measurement:
    """One measurement's file: whose process it is, then a record a line, as `bench --json` prints them."""

    path: Path

    @property
    def id(self) -> str:
        """Its name in the folder, which begins with its date."""
        return self.path.stem

    def records(self) -> list[dict[str, Any]]:
        """Every record so far, read-only; raises InputError where the file is damaged."""
        return self._read()[0]

    def _read(self) -> tuple[list[dict[str, Any]], list[Result]]:
        try:
            return _read(self.path, self._stamp())
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(
                _(
                    "the measurement {id} is damaged and cannot be read ({path}). Delete that file, or measure again.",
                    id=self.id,
                    path=self.path,
                )
            ) from error

    def _stamp(self) -> tuple[int, int]:
        with suppress(OSError):
            about = self.path.stat()
            return about.st_mtime_ns, about.st_size
        return 0, 0

    def first(self, kind: str) -> dict[str, Any]:
        """The first record of a kind; empty where there is none yet."""
        return next((record for record in self.records() if record["kind"] == kind), {})

    def results(self) -> list[Result]:
        """What is known so far, read-only."""
        return self._read()[1]

    @property
    def state(self) -> str:
        """Of the words "measuring", "finished" and "cut off"."""
        if self.first("end"):
            return "finished"
        return "measuring" if self._process() else "cut off"

    @property
    def owner(self) -> str:
        """Who began it."""
        return str(self.first("asked").get("owner", ""))

    def complaint(self) -> str:
        """What its process said before it ended early, in its last line; empty where it said nothing."""
        with suppress(OSError):
            lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            return lines[-1].removeprefix("eegnets: ") if lines else ""
        return ""

    def cancel(self) -> None:
        """End its process at once; what it has measured stays."""
        process = self._process()
        if process:
            with suppress(psutil.NoSuchProcess):
                process.kill()
                process.wait(5)

    @property
    def _log(self) -> Path:
        return self.path.with_suffix(".log")

    def _process(self) -> psutil.Process | None:
        """The process that measures, where it still does: a number alone may belong to another by now."""
        asked = self.first("asked")
        with suppress(psutil.Error, KeyError, TypeError, ValueError):
            process = psutil.Process(asked["pid"])
            there = process.is_running() and process.status() != psutil.STATUS_ZOMBIE
            if there and abs(process.create_time() - asked["born"]) < 0.1:
                return process
        return None


@lru_cache(maxsize=2 * KEPT)
def _read(path: Path, stamp: tuple[int, int]) -> tuple[list[dict[str, Any]], list[Result]]:
    """The records of a file and what they say, read anew where its `stamp` is another: looks at it cost what it times.

    Raises KeyError, TypeError, ValueError or AttributeError where it is damaged.
    """
    found = json_lines.read(path)
    if any("kind" not in record for record in found):
        raise ValueError("a record of no kind")
    return found, results(found)


def measurements(root: Path | None = None) -> list[Measurement]:
    """All that are kept, the newest first."""
    return [Measurement(path) for path in sorted((root or bench_root()).glob("*.jsonl"), reverse=True)]


def measuring(root: Path | None = None) -> Measurement | None:
    """The one that is at work, if one is: two at once would disturb each other."""
    for found in measurements(root):
        with suppress(InputError):
            if found.state == "measuring":
                return found
    return None


def begin(
    lists: Mapping[str, Sequence[Any]], data: DataConfig, *, owner: str = "", root: Path | None = None, **limits: Any
) -> Measurement:
    """Start `python -m eegnets bench --json` with these lists, trials and limits, its records going to a new file.

    Raises InputError where one is at work already, or where the folder cannot be written.
    """
    root = root or bench_root()
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
    found = Measurement(root / f"{name}.jsonl")
    try:
        root.mkdir(parents=True, exist_ok=True)
        with changing(root / "measurement"):
            _check_quiet(root)
            _start(found, arguments(lists, data, limits), {"kind": "asked", "at": time.time(), "owner": owner})
    except OSError as error:
        raise InputError(
            _("{folder} cannot be written ({why}); free some space.", folder=root, why=error.strerror or error)
        ) from error
    for old in measurements(root)[KEPT:]:
        old.path.unlink(missing_ok=True)
        old._log.unlink(missing_ok=True)
    return found


def _check_quiet(root: Path) -> None:
    if measuring(root):
        raise InputError(
            _("a measurement is at work already; two at once would disturb each other. Wait, or cancel it.")
        )


def _start(found: Measurement, arguments: list[str], asked: dict[str, Any]) -> None:
    command = [sys.executable, "-m", "eegnets", "bench", "--json", *arguments]
    with found.path.open("a") as out, found._log.open("w") as log:
        process = subprocess.Popen(command, env=_environment(), stdin=subprocess.DEVNULL, stdout=out, stderr=log)
    threading.Thread(target=process.wait, daemon=True).start()  # an ended process that nobody waits for stays a zombie
    born = psutil.Process(process.pid).create_time()
    json_lines.append(found.path, asked | {"pid": process.pid, "born": born})  # long before its first line: torch comes


def _environment() -> dict[str, str]:
    """This program's, in which Python finds the package wherever the program was started."""
    paths = [str(PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths)}


def arguments(lists: Mapping[str, Sequence[Any]], data: DataConfig, limits: Mapping[str, Any]) -> list[str]:
    """The words of a command line that ask for this."""
    words = [f"--source={data.source}"]
    if data.subjects:
        words.append(f"--subjects={','.join(data.subjects)}")
    words += [f"--option={name}={value}" for name, value in data.options.items()]
    words += [f"--{name.replace('_', '-')}={','.join(map(str, lists[name]))}" for name in LISTS if lists.get(name)]
    return words + [f"--{name}={value}" for name, value in limits.items()]


def to_csv(found: Measurement) -> str:
    """The results as CSV, a row a case, with date and machine in every row."""
    import pandas as pd

    about = found.first("begin")
    machine, trials = about.get("machine", {}), about.get("trials", {})
    more = {"date": time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(about.get("at", 0)))}
    more |= {key: machine.get(key) for key in ("processor", "cores", "memory", "torch", "system")}
    more |= {"card": json.dumps(machine.get("devices", {}))} | trials
    return pd.DataFrame([result.row() | more for result in found.results()]).to_csv(index=False)
