"""The command line: `python -m eegnets …`. Exit 0 done, 2 a wrong argument or unusable data, 1 anything else."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from eegnets import sources
from eegnets.config import SETTINGS, InputError, RunConfig, Setting, lookup
from eegnets.runner import THREAD_MANNERS
from eegnets.runs import RunStore, describe


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; errors are sentences on stderr, never tracebacks."""
    options = _parser().parse_args(arguments)
    try:
        return options.command(options)
    except InputError as error:
        return _complain(error, 2)
    except KeyboardInterrupt:
        return _complain("stopped", 1)
    except ArithmeticError as error:  # a training that diverged
        return _complain(error, 1)


def _complain(error: object, code: int) -> int:
    print(f"eegnets: {error}", file=sys.stderr)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m eegnets", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_sources(commands)
    _add_fetch(commands)
    _add_train(commands)
    _add_runs(commands)
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
        keys = ("name", "title", "licence", "size")
        rows = [{key: getattr(source, key) for key in keys} | vars(state) for source, state in found]
        print(json.dumps(rows, indent=2))
        return 0
    for source, state in found:
        print(f"{source.name:12} {state.state:7} {source.title}\n{'':20} {state.how}")
    return 0


def _add_fetch(commands: Any) -> None:
    parser = _add(commands, "fetch", _fetch, "Bring a source's recordings into the data folder (EEGNETS_DATA).")
    parser.add_argument("source", metavar="SOURCE", help=", ".join(sources.SOURCES))
    parser.add_argument(
        "--from", dest="from_dir", type=Path, metavar="DIR", help="copy from a folder, not from the net"
    )


def _fetch(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    source = lookup(sources.SOURCES, "source", options.source)
    with tqdm(unit="B", unit_scale=True, disable=not sys.stderr.isatty()) as bar:

        def show(name: str, done: int, total: int) -> None:
            bar.set_description(name)
            bar.total, bar.n = total or None, done
            bar.refresh()

        brought = source.fetch(sources.data_root(), options.from_dir, show)
    for path in brought:
        print(path)
    return 0


def _add_train(commands: Any) -> None:
    parser = _add(commands, "train", _train, "Train one network; every setting has a default.")
    for name, rule in SETTINGS.items():
        _add_setting(parser, name, rule)
    parser.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an option of the source, such as difficulty=0.8",
    )
    _add_runs_folder(parser)
    parser.add_argument("--json", action="store_true", help="print result.json at the end instead of the run's id")


def _add_setting(parser: argparse.ArgumentParser, name: str, rule: Setting) -> None:
    flag = "--" + rule.key.replace("_", "-")
    default = ",".join(rule.default) or "all" if isinstance(rule.default, tuple) else rule.default
    about = f"{rule.help} Takes {rule.describe_range()}; default {default if default is not None else 'automatic'}."
    keyword: dict[str, Any] = {"nargs": "?", "const": "true"} if rule.type is bool else {}
    parser.add_argument(flag, dest=name, metavar=rule.key.upper(), help=about.replace("%", "%%"), **keyword)


def _add_runs_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--runs", type=Path, metavar="DIR", help="folder of the runs (default: EEGNETS_RUNS, else runs)"
    )


def _config(options: argparse.Namespace) -> RunConfig:
    given = {name: getattr(options, name) for name in SETTINGS if getattr(options, name) is not None}
    config = RunConfig().with_(**given)
    pairs = dict(_pair(text) for text in options.option)
    return RunConfig(config.data.with_(options=pairs), config.model, config.training)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise InputError(f"--option takes NAME=VALUE; got {text!r}.")
    return name, value


def _train(options: argparse.Namespace) -> int:
    config = _config(options)
    for name, value in THREAD_MANNERS.items():
        os.environ.setdefault(name, value)  # read when torch is loaded, so it is set first
    from eegnets import experiment  # imports torch: after the cheap checks, so that a typo is told at once

    run = RunStore(options.runs).create(experiment.prepare(config))
    result = experiment.execute(run, lambda record: print(_epoch_line(record, config), file=sys.stderr))
    print(json.dumps(result, indent=2) if options.json else run.id)
    return 0


def _epoch_line(record: Any, config: RunConfig) -> str:
    folds = []
    for fold in ("train", "validation", "test"):
        loss, accuracy = getattr(record, f"{fold}_loss"), getattr(record, f"{fold}_accuracy")
        if loss is not None:
            folds.append(f"{fold} {accuracy:.3f} (loss {loss:.3f})")
    return f"epoch {record.epoch}/{config.training.epochs}  {'  '.join(folds)}  {record.seconds:.2f} s"


def _add_runs(commands: Any) -> None:
    parser = _add(commands, "runs", _runs, "The runs so far, the newest first.")
    _add_runs_folder(parser)
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
