"""A sweep from the page: lists of settings, what they make, how the grid fills, and the command that does the same."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from eegnets import sources
from eegnets.activations import ACTIVATIONS
from eegnets.charts.sweep import CLICKED, SIGNS, describe_sweep, sweep_grid
from eegnets.config import SETTINGS, DataConfig, ModelConfig, RunConfig, TrainingConfig
from eegnets.runs import Run, shipped
from eegnets.sweep import LISTS, Cell, begin, laid_out, plan, seconds_expected
from eegnets.translation import N_, _
from eegnets.ui.drawing import show
from eegnets.ui.exporting import picture_buttons
from eegnets.ui.forms import control, hidden
from eegnets.ui.links import as_written
from eegnets.ui.panels import BADGES, label
from eegnets.ui.state import owner, runner, store

Rows = list[dict[str, Any]]

LABELS = {
    "models": N_("Networks"),
    "activations": N_("Activations"),
    "learning_rates": N_("Learning rates"),
    "weight_decays": N_("Weight decays"),
    "batch_sizes": N_("Batch sizes"),
    "seeds": N_("Seeds"),
}  # how the lists are called
PICKED = {
    "models": ModelConfig.table()["name"].choices,
    "activations": tuple(ACTIVATIONS),
}  # what is picked from a list; the other lists are typed
FIRST = {
    "models": ["EEGNet"],
    "activations": ["ELU", "ReLU", "LeakyReLU"],
    "learning_rates": "0.001",
    "weight_decays": "0.01",
    "batch_sizes": "64",
    "seeds": "0, 1, 2",
}  # what a first visit finds: small, and enough to say something
DRAWN = 60  # runs that a link asks the page Compare to draw
SHARED = ("epochs", "validation", "optimizer", "device", "keep")  # the same in all runs of a sweep


def lists_form() -> dict[str, list[str]]:
    """The lists to be combined: name of the list -> its values, as they were typed."""
    return {name: _list_of(name) for name in LISTS}


def _list_of(name: str) -> list[str]:
    rule, label = SETTINGS[LISTS[name]], _(LABELS[name])
    if name in hidden():
        given = st.query_params.get_all(name) if name in PICKED else _typed(st.query_params.get(name, ""))
        return given or (FIRST[name] if name in PICKED else _typed(FIRST[name]))
    common: dict[str, Any] = {"key": name, "bind": "query-params", "help": _(rule.help)}
    if name in PICKED:
        picked = st.pills(label, PICKED[name], selection_mode="multi", default=FIRST[name], wrap=True, **common)
        return [one for one in PICKED[name] if one in (picked or ())]
    return _typed(st.text_input(label, FIRST[name], placeholder=_("several, with commas between"), **common))


def _typed(text: str) -> list[str]:
    return [part for part in text.replace(";", ",").replace(" ", ",").split(",") if part]


def shared_form() -> dict[str, Any]:
    """The settings that all runs of the sweep share."""
    values = {"epochs": control(TrainingConfig.table()["epochs"])}
    with st.expander(_("More that all runs share")):
        return values | {name: control(TrainingConfig.table()[name]) for name in SHARED[1:]}


def base_config(data: DataConfig, shared: dict[str, Any]) -> RunConfig:
    """What all runs of the sweep have in common, as runs store it: with all that was open decided."""
    return RunConfig(sources.check(data)).with_(**shared)


def start_bar(cells: Sequence[Cell], rows: Rows) -> None:
    """How many runs there are, how many are to do and about how long; the button that starts them."""
    missing = [cell for cell in cells if cell.state == "missing"]
    label = _("Run what is missing ({n})", n=len(missing))
    if len(missing) == len(cells):
        words, label = _("**{n} runs**.", n=len(cells)), _("Start {n} runs", n=len(cells))
    elif missing:
        words = _("**{n} runs**, {missing} of them missing.", n=len(cells), missing=len(missing))
    else:
        words = _("**{n} runs**, none of them missing.", n=len(cells))
    st.markdown(f"{words} {_how_long(missing, rows)}")
    pressed = st.button(
        label,
        type="primary",
        icon=":material/play_arrow:",
        key="start_sweep",
        disabled=not missing,
        help=_("Combinations that have a run already, finished or not, are not started again."),
    )
    if pressed:
        begin(runner(), missing, owner())
        st.rerun()


def _how_long(missing: list[Cell], rows: Rows) -> str:
    if not missing:
        return ""
    configs, workers = [cell.config for cell in missing], runner().workers.count()
    if seconds := seconds_expected(configs, rows, workers):
        return _("About {duration}, by what an epoch took here before.", duration=duration(seconds))
    if seconds := seconds_expected(configs, shipped().table(), workers):
        return _(
            "Perhaps {duration}, by what an epoch took where the shipped networks were trained.",
            duration=duration(seconds),
        )
    return _("How long they take is not known yet: no run on these data has finished here.")


def duration(seconds: float) -> str:
    """So many seconds, minutes or hours, as one would say it."""
    for size, unit in ((3600, _("h")), (60, _("min"))):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.1f} {unit}" if seconds < 10 * size else f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 1):.0f} " + _("s")


def standing(configs: Sequence[RunConfig]) -> tuple[list[Cell], Rows]:
    """How the sweep stands at this moment: its cells, and all runs as rows."""
    rows = store().table()
    return plan(configs, rows), rows


def grid_panel(configs: Sequence[RunConfig], score: str) -> None:
    """The grid as it stands at this moment; a click on a cell leads to its run."""
    cells, rows = standing(configs)
    laid = laid_out(cells, rows, score)
    table = laid.table.assign(word=laid.table["state"].map(state_word))
    st.markdown(_key(table["state"].value_counts(sort=False).to_dict()))
    chart = sweep_grid(table, laid.down, laid.across, score)
    event = show(chart, key="grid", alt=describe_sweep(table), on_select="rerun", selection_mode=[CLICKED])
    for picked in event.selection.get(CLICKED) or []:
        if picked["run"]:  # a cell may have none
            words = _("Open {run}", run=as_written(label(store().get(picked["run"]))))
            st.page_link(
                "pages/train.py", label=words, icon=":material/open_in_new:", query_params={"run": picked["run"]}
            )
    with st.container(horizontal=True):
        picture_buttons(chart, "sweep")


def state_word(state: str) -> str:
    """How the state of a combination is called."""
    return _("Missing") if state == "missing" else _(BADGES[state][0])


def _key(counts: dict[str, int]) -> str:
    """The signs of the states with their words and numbers, a badge each."""
    parts = []
    for state, sign in SIGNS.items():
        if state in counts:
            colour = BADGES[state][1] if state in BADGES else "gray"
            parts.append(f":{colour}-badge[{sign} {state_word(state)}: {counts[state]}]")
    return " ".join(parts)


def open_links(runs: Sequence[Run]) -> None:
    """A way to the curves of these runs."""
    if runs:
        st.page_link(
            "pages/compare.py",
            label=_("Their curves on the page Compare"),
            icon=":material/stacked_line_chart:",
            query_params={"run": [run.id for run in runs[:DRAWN]]},
        )
