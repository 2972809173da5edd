"""Runs and charts as files for other programs: tables, curves, pictures, and what TensorBoard reads."""

import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from eegnets.comparison import changed_words
from eegnets.config import InputError
from eegnets.run_folder import Run
from eegnets.runs import describe
from eegnets.translation import N_, _

if TYPE_CHECKING:
    import altair as alt

PICTURES = {"png": 2.0, "svg": 1.0}  # format -> how many times as large as on the screen
WIDTH = 900  # px, of a chart in a picture


def runs_csv(runs: Sequence[Run]) -> bytes:
    """A line for each run: settings, state and scores."""
    table = pd.DataFrame([describe(run) for run in runs])
    if "subjects" in table:
        table["subjects"] = table["subjects"].map("+".join, na_action="ignore")
        table["changed"] = table["changed"].map(lambda changed: changed_words(changed, N_), na_action="ignore")
    return table.to_csv(index=False).encode()


def runs_json(runs: Sequence[Run]) -> bytes:
    """A list of objects, one for each run: settings, state and scores; of a damaged one its state alone."""
    return _json([describe(run) for run in runs])


def histories_csv(runs: Sequence[Run]) -> bytes:
    """A line for each run and epoch."""
    parts = [pd.DataFrame(run.history()).assign(run=run.id) for run in runs]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"run": []})
    return table[["run", *table.columns.drop("run")]].to_csv(index=False).encode()


def histories_json(runs: Sequence[Run]) -> bytes:
    """An object: run -> its epochs; raises RunError where a history is damaged."""
    return _json({run.id: run.history() for run in runs})


def _json(content: object) -> bytes:
    return (json.dumps(content, indent=1, allow_nan=False) + "\n").encode()


def tensorboard_refusal() -> str:
    """What is missing for TensorBoard's files, with the command that brings it; empty where nothing is."""
    if find_spec("tensorboard"):
        return ""
    return _("TensorBoard's files need the package tensorboard, which is not here: pip install tensorboard")


def tensorboard_zip(runs: Sequence[Run]) -> bytes:
    """A folder of TensorBoard events for each run, zipped: unpack it, then `tensorboard --logdir FOLDER`."""
    buffer = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for run in runs:
            write_events(run, Path(folder) / run.id)
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
    return buffer.getvalue()


def write_events(run: Run, folder: Path) -> None:
    """Write a run's epochs as TensorBoard events: accuracy and loss by fold, learning rate, weight decay, seconds.

    Raises InputError where the package tensorboard is absent.
    """
    if refusal := tensorboard_refusal():
        raise InputError(refusal)
    from torch.utils.tensorboard import SummaryWriter  # here: torch comes only when it is needed

    with SummaryWriter(str(folder)) as writer:
        for record in run.history():
            for name, value in record.items():
                if name != "epoch" and value is not None:
                    fold, _rest, metric = name.rpartition("_")
                    known = metric in ("accuracy", "loss")
                    writer.add_scalar(f"{metric}/{fold}" if known else f"training/{name}", value, record["epoch"])


def picture(chart: "alt.LayerChart | alt.Chart", form: str) -> bytes:
    """A chart as PNG (twice the size of the screen) or SVG, on white."""
    import altair

    buffer = io.BytesIO() if form == "png" else io.StringIO()
    with altair.data_transformers.enable("default", max_rows=None):
        chart.properties(width=WIDTH, background="white").save(buffer, format=form, scale_factor=PICTURES[form])
    made = buffer.getvalue()
    return made.encode() if isinstance(made, str) else made


FILES: dict[str, Callable[[Sequence[Run]], bytes]] = {
    "runs.csv": runs_csv,
    "runs.json": runs_json,
    "histories.csv": histories_csv,
    "histories.json": histories_json,
    "tensorboard.zip": tensorboard_zip,
}
