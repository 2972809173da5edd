"""The commands about many runs: a sweep, the lab report's tables, and files for other programs."""

import argparse
import contextlib
import time
from collections.abc import Iterable
from pathlib import Path

from eegnets import sources
from eegnets.config import SETTINGS, InputError, RunConfig, lookup
from eegnets.export import FILES
from eegnets.flags import add_runs_folder, add_settings, config_of, flag, listed, save, tell
from eegnets.report import FORMATS, make_report
from eegnets.run_folder import Run, RunError
from eegnets.runner import Runner
from eegnets.runs import SCORES, RunStore, describe
from eegnets.sweep import LISTS, begin, grid, plan, seconds_expected

LOOK = 0.3  # seconds between looks at the runs of a sweep
PATIENCE = 20.0  # seconds in which stopped runs may end their batch


def add_sweep(parser: argparse.ArgumentParser) -> None:
    """The flags of `sweep`: a list for each setting that may vary, and everything that `train` takes."""
    for name, setting in LISTS.items():
        about = f"several, with commas between: {SETTINGS[setting].label.lower()}"
        parser.add_argument("--" + name.replace("_", "-"), metavar="LIST", default="", help=about)
    add_settings(parser)
    add_runs_folder(parser)


def sweep(options: argparse.Namespace) -> int:
    """Carry out every combination that is not finished yet; one line a run as it ends."""
    lists = {name: listed(getattr(options, name)) for name in LISTS}
    _refuse_twice(options, lists)
    base = config_of(options)
    base = RunConfig(sources.check(base.data), base.model, base.training)  # as runs store it: with all that was open
    store = RunStore(options.runs)
    rows = store.table()
    cells = plan(grid(base, lists), rows)
    to_do = [cell for cell in cells if cell.state != "finished"]
    tell(f"{len(cells)} runs, {len(cells) - len(to_do)} of them finished before.")
    if not to_do:
        return 0
    runner = Runner(store, only=[cell.run_id for cell in to_do])
    expected = seconds_expected([cell.config for cell in to_do], rows, runner.workers.count())
    if expected:
        tell(f"About {max(expected / 60, 1):.0f} min, by what an epoch took before.")
    runs = begin(runner, to_do)
    try:
        return max([_told(run) for run in _as_they_end(runs)], default=0)
    except KeyboardInterrupt:
        _stop(runs)
        raise
    finally:
        runner.shutdown()


def _refuse_twice(options: argparse.Namespace, lists: dict[str, list[str]]) -> None:
    """Raise InputError where a setting has both a list and a value of its own."""
    for name, setting in LISTS.items():
        if lists[name] and getattr(options, setting) is not None:
            several, one = "--" + name.replace("_", "-"), flag(SETTINGS[setting])
            raise InputError(f"{several} and {one} set the same thing; leave one of them out.")


def _as_they_end(runs: list[Run]) -> Iterable[Run]:
    waiting = list(runs)
    while waiting:
        for run in [run for run in waiting if run.status.state not in ("queued", "running")]:
            waiting.remove(run)
            yield run
        time.sleep(LOOK)


def _told(run: Run) -> int:
    """Print how a run ended, in words too where it is damaged or gone; 0 for a finished one, else 1."""
    row = describe(run)
    scores = [f"{name.replace('_', ' ')} {row[name]:.3f}" for name in SCORES if row.get(name) is not None]
    readable = row["state"] != "damaged"
    about = "{model} {activation} wd {weight_decay:g} seed {seed}".format(**row) if readable else ""
    print(f"{row['state']:12} {about:40} {'  '.join(scores)}  {run.id} {row['message']}".rstrip(), flush=True)
    return int(row["state"] != "finished")


def _stop(runs: list[Run]) -> None:
    """Stop the whole group, the waiting ones first, and give those at work the time to end their batch."""
    active = [run for run in runs if run.status.active]
    for run in sorted(active, key=lambda run: run.status.state):  # paused, queued, running
        with contextlib.suppress(RunError):  # it has just ended by itself
            run.stop()
    patient_until = time.monotonic() + PATIENCE
    while any(run.status.active for run in active) and time.monotonic() < patient_until:
        time.sleep(LOOK)


def add_export(parser: argparse.ArgumentParser) -> None:
    """The flags of `export`."""
    parser.add_argument("file", metavar="FILE", help=f"what to write: {', '.join(FILES)}; under that name, or as --out")
    parser.add_argument("run_ids", nargs="*", metavar="RUN", help="the runs; none named means all")
    parser.add_argument("--out", type=Path, metavar="PATH", help="where to write it (default: here)")
    add_runs_folder(parser)


def export(options: argparse.Namespace) -> int:
    """Write runs as a file for other programs, and print its path."""
    write, store = lookup(FILES, "file", options.file), RunStore(options.runs)
    runs = [store.get(run_id) for run_id in options.run_ids] or store.runs()
    path = options.out or Path(options.file)
    save(path, write(runs))
    print(path)
    return 0


def add_report(parser: argparse.ArgumentParser) -> None:
    """The flags of `report`."""
    parser.add_argument("--source", help="the runs of one source (default: that of the most finished runs)")
    parser.add_argument("--format", choices=list(FORMATS), default="text", help="how it is written; default text")
    add_runs_folder(parser)


def report(options: argparse.Namespace) -> int:
    """Print the lab report's tables out of the stored runs."""
    print(FORMATS[options.format](make_report(RunStore(options.runs).table(), options.source)))
    return 0
