"""The house as it is drawn: imports only point down, the core does without the screen, and no room grows too large."""

import ast
import functools
import subprocess
import sys

import pytest
from file_tree import ROOT

FLOORS = [
    floor.split()
    for floor in """
    translation
    settings
    config presets glossary bench_results trials activations atomic trash json_lines layers seeding code_template scores
    run_status __init__
    windows passes sums
    signals sources models evaluation statistics fused effects comparison devices optimizers machine
    quality charts training run_folder explain instruments separable filters units quiz fitting baseline
    runs braindecode weights saliency modes race lessons run_zip flags timing findings bench
    outcome worksheet classification sweep report export adopting bench_folder conclusions owners
    experiment show_code
    workers turns
    cluster
    runner
    ui
    cli_classify cli_many cli_bench cli_code
    cli
    __main__
    """.strip().splitlines()
]
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
FILES = sorted((ROOT / "eegnets").rglob("*.py"))


def room(path):
    return path.relative_to(ROOT / "eegnets").parts[0].removesuffix(".py")


@functools.cache
def imported(path):
    """The rooms of the package that a file imports, those within functions left out: they only come when called."""
    return list(_imported(path))


def _imported(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    guarded = {id(node) for block in ast.walk(tree) if _is_type_checking(block) for node in ast.walk(block)}
    inner = {id(node) for block in ast.walk(tree) if isinstance(block, ast.FunctionDef) for node in ast.walk(block)}
    for node in ast.walk(tree):
        if id(node) in guarded | inner:
            continue
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "eegnets":
            parts = node.module.split(".")
            names = [parts[1]] if len(parts) > 1 else [alias.name for alias in node.names]
            yield from (name for name in names if name in FLOOR)


def _is_type_checking(node):
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_room_is_on_a_floor_and_imports_only_point_down(path):
    mine = FLOOR[room(path)]
    upwards = [name for name in imported(path) if FLOOR[name] > mine]
    assert upwards == []


def test_rooms_of_one_floor_do_not_go_in_circles():
    from graphlib import TopologicalSorter

    graph = {}
    for path in FILES:
        graph.setdefault(room(path), set()).update(name for name in imported(path) if name != room(path))
    assert list(TopologicalSorter(graph).static_order())  # raises CycleError where there is a circle


def test_the_core_does_without_streamlit():
    core = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in FILES if room(path) != "ui"]
    core = [name.removesuffix(".__init__") for name in core if "__main__" not in name]
    script = f"import sys; sys.modules['streamlit'] = None; import {', '.join(core)}"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_what_must_come_at_once_waits_for_no_heavy_library():
    modules = ["eegnets.ui.forms", "eegnets.runner", "eegnets.cli", "eegnets.ui.panels"]
    script = "import importlib, sys\nfor name in sys.argv[1:]:\n    importlib.import_module(name)\n"
    script += "    heavy = {'torch', 'mne', 'sklearn', 'scipy.signal', 'scipy.stats'} & set(sys.modules)\n"
    script += "    assert not heavy, (name, heavy)\n"
    done = subprocess.run([sys.executable, "-c", script, *modules], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("folder", ["eegnets", "pages"])
def test_no_file_is_longer_than_one_can_read(folder):
    long = [path.name for path in (ROOT / folder).rglob("*.py") if len(path.read_text().splitlines()) > 350]
    assert long == []
