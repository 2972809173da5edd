"""README.md tells the truth: its tree is the tree, its commands and pictures are there."""

import re
import subprocess
import sys

import pytest
from file_tree import ROOT, comment, files, with_tree

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_tree_is_as_it_is_now():
    assert with_tree(README) == README, "write it anew: python tests/file_tree.py"


def test_every_file_says_what_it_is():
    assert [path for path in files() if len(comment(path)) < 5] == []


def test_every_picture_is_there():
    named = re.findall(r"!\[.+?\]\((.+?)\)", README)
    assert named
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_every_benchmark_that_is_named_explains_itself():
    modules = sorted(set(re.findall(r"python -m (benchmarks\.\w+)", README)))
    program = "import runpy, sys\nfor module in sys.argv[1:]:\n    sys.argv = [module, '--help']\n    try:\n"
    program += "        runpy.run_module(module, run_name='__main__')\n    except SystemExit as left:\n"
    program += "        assert left.code == 0, module\n    else:\n        raise AssertionError(module)\n"
    command = [sys.executable, "-c", program, *modules]  # one process: each would import torch for itself
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("usage:") == len(modules)


@pytest.mark.parametrize("command", sorted(set(re.findall(r"python -m eegnets ([a-z]+)", README))))
def test_every_command_that_is_named_explains_itself(command):
    from eegnets.cli import main

    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
