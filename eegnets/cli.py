"""The command line: `python -m eegnets …`. Exit 0 done, 2 a wrong argument or unusable data, 1 anything else."""

import argparse
import contextlib
import io
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from eegnets import sources
from eegnets.cli_bench import add_bench, bench
from eegnets.cli_classify import add_classify, classify
from eegnets.cli_code import add_code, code
from eegnets.cli_many import add_export, add_report, add_sweep, export, report, sweep
from eegnets.config import InputError, lookup
from eegnets.flags import add_runs_folder, add_settings, config_of, listed, tell
from eegnets.run_folder import Busy, Run
from eegnets.runs import RunStore, describe
from eegnets.scores import summary
from eegnets.workers import mind_manners

if TYPE_CHECKING:
    from eegnets.runner import Runner

FOLLOW = 0.2  # seconds between looks at a run that somebody else carries out


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; errors are sentences on stderr, never tracebacks."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # what its encoding does not know, as stderr does
    options = _parser().parse_args(arguments)
    try:
        code = options.command(options)
        sys.stdout.flush()
        return code
    except InputError as error:
        return _complain(error, 2)
    except KeyboardInterrupt:
        return _complain("stopped", 1)
    except ArithmeticError as error:  # a training that diverged
        return _complain(error, 1)
    except OSError as error:
        if error.filename is not None:
            return _complain(error, 1)
        with contextlib.suppress(OSError):
            # What is left of the output goes nowhere: Python would try again at its exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _complain(f"the output cannot be written ({error.strerror or error}).", 1)


def _complain(error: object, code: int) -> int:
    tell(f"eegnets: {error}")
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m eegnets", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_sources(commands)
    _add_fetch(commands)
    _add_train(commands)
    _add_runs(commands)
    _add_control(commands)
    add_classify(_add(commands, "classify", classify, "What a trained network answers to trials."))
    add_code(_add(commands, "code", code, "A run as a script of its own, with the trials that it needs."))
    add_sweep(_add(commands, "sweep", sweep, "Train every combination of some lists; what is finished stays."))
    add_report(_add(commands, "report", report, "The lab report's tables out of the runs so far."))
    add_export(_add(commands, "export", export, "Runs and their epochs as CSV, JSON or TensorBoard's events."))
    add_bench(_add(commands, "bench", bench, "Seconds per epoch on this machine, beside the usual loop."))
    return parser


def _add(commands: Any, name: str, command: Callable[[argparse.Namespace], int], about: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=about, description=about)
    parser.set_defaults(command=command)
    return parser


def _add_sources(commands: Any) -> None:
    parser = _add(commands, "sources", _sources, "What data there is, ready or how to get it.")
    parser.add_argument("--json", action="store_true", help="print a list of objects instead of a table")


def _sources(options: argparse.Namespace) -> int:
    root = sources.data_root()
    found = [(source, source.state(root)) for source in sources.SOURCES.values()]
    if options.json:
        keys = ("name", "title", "licence", "cite", "size")
        rows = [{key: getattr(source, key) for key in keys} | vars(state) for source, state in found]
        print(json.dumps(rows, indent=2))
        return 0
    for source, state in found:
        print(f"{source.name:12} {state.state:7} {source.title}\n{'':20} {state.how}")
        print(f"{'':20} Licence: {source.licence}\n{'':20} Cite: {source.cite}")
    return 0


def _add_fetch(commands: Any) -> None:
    parser = _add(commands, "fetch", _fetch, "Bring a source's recordings into the data folder (EEGNETS_DATA).")
    parser.add_argument("source", metavar="SOURCE", help=", ".join(sources.SOURCES))
    parser.add_argument(
        "--from", dest="from_dir", type=Path, metavar="DIR", help="copy from a folder, not from the net"
    )
    parser.add_argument("--subjects", default="", metavar="A,B", help="whom to bring, where a source is that large")


def _fetch(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    source = lookup(sources.SOURCES, "source", options.source)
    subjects = tuple(listed(options.subjects))
    if subjects and not source.by_subject:
        raise InputError(f"{source.name} comes whole, with everyone it has; leave --subjects out.")
    whom: dict[str, Any] = {"subjects": subjects} if subjects else {}
    with tqdm(unit="B", unit_scale=True, disable=not sys.stderr.isatty()) as bar:

        def show(name: str, done: int, total: int) -> None:
            bar.set_description(name)
            bar.total, bar.n = total or None, done
            bar.refresh()

        brought = source.fetch(sources.data_root(), options.from_dir, show, **whom)
    for path in brought:
        print(path)
    return 0


def _add_train(commands: Any) -> None:
    parser = _add(commands, "train", _train, "Train one network; every setting has a default.")
    add_settings(parser)
    add_runs_folder(parser)
    parser.add_argument("--json", action="store_true", help="print result.json at the end instead of the run's id")


def _train(options: argparse.Namespace) -> int:
    config = config_of(options)
    sources.check(config.data)  # before torch comes: a typo is told at once
    experiment = _import_experiment()
    config, store = experiment.prepare(config), RunStore(options.runs)
    cluster = _join_cluster(store)
    return _carry_out(cluster.submit(config) if cluster else store.create(config), options.json)


def _import_experiment() -> ModuleType:
    """Import torch: after the cheap checks, so that a typo is told at once, and with manners that it reads only now."""
    mind_manners()
    from eegnets import experiment

    return experiment


def _join_cluster(store: RunStore) -> "Runner | None":
    """A queue whose workers are a cluster's, where one is named; made before the run waits, as it may not answer."""
    if not os.environ.get("EEGNETS_SCHEDULER"):
        return None
    from eegnets.runner import Runner

    return Runner(store, only=[])


def _carry_out(run: Run, as_json: bool) -> int:
    """Do a queued run's work here, or watch who does: a cluster, or an app that serves the same folder."""
    if os.environ.get("EEGNETS_SCHEDULER"):
        return _follow(run, as_json)
    epochs = run.config.training.epochs
    try:
        result = _import_experiment().execute(run, lambda record: _print_epoch(asdict(record), epochs))
    except Busy:
        return _follow(run, as_json)
    _print_result(run, result, as_json)
    return 0


def _follow(run: Run, as_json: bool) -> int:
    """Print what others make of a run until it ends or pauses."""
    epochs, shown = run.config.training.epochs, 0
    while True:
        status, history = run.status, run.history()
        for record in history[shown:]:
            _print_epoch(record, epochs)
        shown = len(history)
        if status.state not in ("queued", "running"):
            break
        time.sleep(FOLLOW)
    if status.state in ("failed", "interrupted", "damaged"):
        return _complain(f"run {run.id} {status.state}. {status.message}", 1)
    _print_result(run, run.result() or {"status": status.state, **summary(history)}, as_json)
    return 0


def _print_result(run: Run, result: dict[str, Any], as_json: bool) -> None:
    print(json.dumps(result, indent=2) if as_json else run.id)


def _print_epoch(record: dict[str, Any], epochs: int) -> None:
    folds = []
    for fold in ("train", "validation", "test"):
        loss, accuracy = record[f"{fold}_loss"], record[f"{fold}_accuracy"]
        if loss is not None:
            folds.append(f"{fold} {accuracy:.3f} (loss {loss:.3f})")
    tell(f"epoch {record['epoch']}/{epochs}  {'  '.join(folds)}  {record['seconds']:.2f} s")


def _add_control(commands: Any) -> None:
    for name, command, about in (
        ("pause", _pause, "Pause a run at the end of the epoch in work."),
        ("stop", _stop, "Stop a run at its next batch; it can be resumed."),
        ("resume", _resume, "Go on with a paused, stopped, failed or interrupted run, here."),
    ):
        parser = _add(commands, name, command, about)
        parser.add_argument("run", metavar="RUN", help="the run's id, as `runs` lists it")
        add_runs_folder(parser)
        if command is _resume:
            parser.add_argument("--json", action="store_true", help="print result.json at the end, not the run's id")


def _pause(options: argparse.Namespace) -> int:
    RunStore(options.runs).get(options.run).pause()
    return 0


def _stop(options: argparse.Namespace) -> int:
    RunStore(options.runs).get(options.run).stop()
    return 0


def _resume(options: argparse.Namespace) -> int:
    store = RunStore(options.runs)
    run = store.get(options.run)
    _import_experiment()  # takes seconds, in which an app's worker would take up a run that waits
    cluster = _join_cluster(store)
    cluster.resume(run.id) if cluster else run.requeue()
    return _carry_out(run, options.json)


def _add_runs(commands: Any) -> None:
    parser = _add(commands, "runs", _runs, "The runs so far, the newest first.")
    add_runs_folder(parser)
    parser.add_argument("--json", action="store_true", help="print a list of objects instead of a table")


def _runs(options: argparse.Namespace) -> int:
    store = RunStore(options.runs)
    rows = [describe(run) for run in store.runs()]
    if options.json:
        print(json.dumps(rows, indent=2))
        return 0
    if not rows:
        print(f"No run yet in {store.root}. Begin with: python -m eegnets train")
    for row in rows:
        print(f"{row['id']:48} {row['state']:12} {_three_scores(row)}".rstrip())
    return 0


def _three_scores(row: dict[str, Any]) -> str:
    names = {"last": "last", "best_validation": "chosen on validation", "best_test": "best test"}
    return "  ".join(f"{words} {row[key]:.3f}" for key, words in names.items() if row.get(key) is not None)
