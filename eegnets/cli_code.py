"""The command that writes a run as a script, with the trials that it needs."""

import argparse
from pathlib import Path

from eegnets.cli_classify import find_run
from eegnets.flags import add_runs_folder, save, tell
from eegnets.runs import RunStore


def add_code(parser: argparse.ArgumentParser) -> None:
    """The flags of `code`."""
    parser.add_argument("run", metavar="RUN", help="the run's id, as `runs` lists it, or a shipped checkpoint's")
    parser.add_argument("--out", type=Path, default=Path(), metavar="DIR", help="the folder to write to; default here")
    add_runs_folder(parser)


def code(options: argparse.Namespace) -> int:
    """Write RUN.py and RUN.npz and print their paths; say on stderr whether the script repeats the run exactly."""
    run = find_run(options.run, RunStore(options.runs))
    from eegnets import show_code  # imports torch: after the cheap checks
    from eegnets.classification import shape_of

    shape = shape_of(run)
    files = {f"{run.id}.py": show_code.script(run, shape).encode(), f"{run.id}.npz": show_code.exported(run)}
    for name, content in files.items():
        save(options.out / name, content)
        print(options.out / name)
    tell(show_code.verdict(run, shape))
    return 0
