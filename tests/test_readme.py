"""README.md tells the truth: its tree is the tree, its commands and pictures are there."""

import re
import shlex
import shutil
import subprocess
import sys

import pytest
from file_tree import BEGIN, ROOT, comment, files, with_tree

from eegnets import cli

README = (ROOT / "README.md").read_text(encoding="utf-8")
QUICK = ("sources", "train", "runs", "classify", "code", "sweep", "report", "export")  # and do not need the net


def commands(text):
    """Every command of the shell blocks, without what is said of it two blanks further right."""
    for block in re.findall(r"^```(?:(?:python|toml)\n.+?|\n(.+?))^```$", text, re.MULTILINE | re.DOTALL):
        for line in re.sub(r"\s*\\\n\s*", " ", block).splitlines():
            yield from re.split(" && ", re.split(r"\s{2,}", line)[0])


def section(title):
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


COMMANDS = sorted(set(commands(README.partition(BEGIN)[0] + README.partition("<!-- end of tree -->")[2])))


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


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_one_that_its_program_takes(command):
    words = [word for word in shlex.split(command) if not re.match("[A-Z_]+=", word)]
    if words[:3] == ["python", "-m", "eegnets"]:
        if "--help" not in words:
            cli._parser().parse_args(words[3:])  # exits where an option is not there
    elif words[:2] == ["python", "-m"]:
        assert (ROOT / words[2].replace(".", "/")).with_suffix(".py").is_file()
    else:
        assert words[0] in ("pip", "streamlit", "pytest", "dask", "pybabel", "rm")
        assert shutil.which(words[0])
        named = [word for word in words if re.search(r"\.(txt|py)$", word)]
        assert [name for name in named if not (ROOT / name).is_file()] == []


@pytest.mark.usefixtures("warm")
def test_the_quick_commands_run_as_they_are_written(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EEGNETS_RUNS", str(tmp_path / "runs"))
    monkeypatch.delenv("EEGNETS_SCHEDULER", raising=False)
    run, done = "", set()
    for command in commands(section("Command line")):
        words = shlex.split(command.replace("RUN", run))[3:]
        if words[0] not in QUICK or {"--file", "--help"} & set(words):
            continue
        assert cli.main(words) == 0, command
        out = capsys.readouterr().out
        run = run or (out.split()[-1] if words[0] == "train" else "")
        done.add(words[0])
    assert done == set(QUICK)
    assert {"answers.csv", "mine", "runs.csv"} <= {path.name for path in tmp_path.iterdir()}


def test_a_change_of_a_text_reaches_the_catalogue_by_the_two_lines_that_are_written(tmp_path):
    for name in ("eegnets", "pages"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    app = (ROOT / "app.py").read_text(encoding="utf-8")
    (tmp_path / "app.py").write_text(app.replace('_("Use")', '_("Make use of it")'), encoding="utf-8")
    (block,) = re.findall(r"^```\n(.+?)^```$", section("Two languages"), re.MULTILINE | re.DOTALL)
    subprocess.run(block, shell=True, cwd=tmp_path, check=True, capture_output=True)
    catalogue = (tmp_path / "eegnets/locale/zh_TW/LC_MESSAGES/messages.po").read_text(encoding="utf-8")
    assert 'msgid "Make use of it"\nmsgstr ""' in catalogue
    assert 'msgid "Use"' not in catalogue
    assert not (tmp_path / "messages.pot").exists()


@pytest.mark.parametrize("command", sorted(set(re.findall(r"python -m eegnets ([a-z]+)", README))))
def test_every_command_that_is_named_explains_itself(command):
    with pytest.raises(SystemExit) as left:
        cli.main([command, "--help"])
    assert left.value.code == 0
