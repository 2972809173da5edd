"""README's worked examples, put into a copy where they say: the activation trains, the source loads, the page opens."""

import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from file_tree import ROOT

BLOCK = re.compile(r"^```python\n# (?P<file>\S+), (?P<place>.+?)\n(?P<code>.+?)^```$", re.MULTILINE | re.DOTALL)


def put(lines, place, code):
    """The lines of a file with a block where its first line says."""
    if place == "a new file":
        return code
    where, anchor = re.fullmatch("(below|at the end of) `(.+)`", place).groups()
    (at,) = [number for number, line in enumerate(lines) if line.strip() == anchor]
    indent = re.match(" *", lines[at])[0]
    if where == "at the end of":
        at = next(n for n in range(at + 1, len(lines)) if re.match(indent + r"[)\]}]", lines[n])) - 1
        code, indent = [*code[:-1], code[-1].rstrip(",") + ","], indent + "    "
    return [*lines[: at + 1], *(indent + line for line in code), *lines[at + 1 :]]


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The project with every example in it."""
    folder = tmp_path_factory.mktemp("copy")
    for name in ("eegnets", "pages", ".streamlit"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("*.pyc.*"))  # with what is compiled
    shutil.copy(ROOT / "app.py", folder)
    blocks = list(BLOCK.finditer((ROOT / "README.md").read_text(encoding="utf-8")))
    assert len(blocks) == 8, "and each python block says where it belongs"
    for block in blocks:
        path = folder / block["file"]
        assert path.exists() == (block["place"] != "a new file")
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        path.write_text("\n".join(put(lines, block["place"], block["code"].splitlines())) + "\n", encoding="utf-8")
    rng, y = np.random.default_rng(0), np.arange(40) % 2
    (folder / "data").mkdir()
    np.savez(folder / "data/our-lab.npz", X=rng.normal(size=(40, 2, 750)), y=y, split=np.repeat(["train", "test"], 20))
    return folder


def carried_out(copy, *command):
    """What a program prints that runs in the copy."""
    own = {"EEGNETS_DATA": str(copy / "data"), "EEGNETS_RUNS": str(copy / "runs"), "PYTHONPATH": str(copy)}
    done = subprocess.run([sys.executable, *command], cwd=copy, env=os.environ | own, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done


def test_every_example_is_as_the_linter_wants_it(copy):
    carried_out(copy, "-m", "ruff", "check", "--config", str(ROOT / "pyproject.toml"), ".")
    carried_out(copy, "-m", "ruff", "format", "--check", "--config", str(ROOT / "pyproject.toml"), ".")


def test_the_new_activation_is_drawn_has_autograds_slope_and_trains_an_epoch_on_the_new_source(copy):
    program = (
        "import numpy as np, torch\n"
        "from eegnets.activations import ACTIVATIONS\n"
        "from eegnets.charts.activations import flat_chart\n"
        "from eegnets.cli import main\n"
        "entry, x = ACTIVATIONS['Hardtanh'], torch.linspace(-3, 3, 100, dtype=float, requires_grad=True)\n"
        "y = entry.make(1)(x)\n"
        "y.sum().backward()\n"
        "assert np.allclose(entry.function(x.detach()), y.detach())\n"
        "assert np.allclose(entry.derivative(x.detach()), x.grad)\n"
        "flat_chart({'Hardtanh': {}}).to_dict()\n"
        "assert main(['train', '--source', 'our-lab', '--activation', 'Hardtanh', '--epochs', '1']) == 0\n"
    )
    done = carried_out(copy, "-c", program)  # one program: each would import torch for itself
    assert "epoch 1/1" in done.stderr


def test_the_new_page_opens_with_the_new_source(copy):
    program = (
        "from streamlit.runtime.pages_manager import PagesManager\n"
        "from streamlit.testing.v1 import AppTest\n"
        "app = AppTest.from_file('app.py', default_timeout=60)\n"
        "app.query_params['source'] = 'our-lab'\n"
        "app.run()\n"
        "app.switch_page('pages/loudness.py').run()\n"
        "assert not app.exception and not app.error, (app.exception, app.error)\n"
        "assert [title.value for title in app.title] == ['Loudness']\n"
        "assert list(app.table[0].value.iloc[:, 0]) == ['C3', 'C4']\n"
    )
    carried_out(copy, "-c", program)
