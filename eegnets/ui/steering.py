"""Steering runs from a page: pause, step, resume, stop, and other settings while one trains."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import streamlit as st

from eegnets.config import InputError, TrainingConfig
from eegnets.run_folder import Run, RunError
from eegnets.run_status import ACTIVE, RESUMABLE
from eegnets.runs import adjustments
from eegnets.translation import N_, _
from eegnets.ui.links import without_links
from eegnets.ui.state import check_mine, is_mine, runner

HELP = {
    N_("Pause"): N_("Rests at the end of the epoch in work. Nothing is lost; other runs may use the worker meanwhile."),
    N_("Resume"): N_("Goes on after the last whole epoch, exactly as if nothing had happened."),
    N_("Step"): N_("Trains one epoch, then pauses again: look at what a single pass over the trials changes."),
    N_("Stop"): N_("Ends at the next batch; what was learned is kept, and the run can be resumed."),
}
ICONS = {"Pause": "pause", "Resume": "play_arrow", "Step": "skip_next", "Stop": "stop"}


def steering(runs: list[Run], place: str) -> None:
    """The buttons that mean something now; with several runs each acts on all."""
    states = {run.status.state for run in runs}
    if states & {"queued", "running"}:
        _button("Pause", runs, place, Run.pause)
    if states & set(RESUMABLE):
        _button("Resume", runs, place, lambda run: runner().resume(run.id))
        _button("Step", runs, place, lambda run: runner().resume(run.id, step=True))
    _button("Stop", runs, place, Run.stop, disabled=not states & set(ACTIVE))


def _button(words: str, runs: list[Run], place: str, action: Callable[[Run], object], disabled: bool = False) -> None:
    st.button(
        _("{action} all", action=_(words)) if len(runs) > 1 else _(words),
        icon=f":material/{ICONS[words]}:",
        key=f"{words}_{place}_{runs[0].id}",
        help=_(HELP[words]),
        disabled=disabled,
        on_click=_each,
        args=(runs, action),
    )


def stop(run: Run) -> None:
    """Stop one run; for a button's `on_click`."""
    _each([run], Run.stop)


def _each(runs: list[Run], action: Callable[[Run], object]) -> None:
    """Do it to every run that can and is one's own; say why one cannot, and how many are others'."""
    mine = [run for run in runs if is_mine(run)]
    if len(mine) < len(runs) > 1:
        others = _("{n} of {all} runs belong to others and are left.", n=len(runs) - len(mine), all=len(runs))
        st.toast(others, icon=":material/person:")
    with told():
        for run in mine if len(runs) > 1 else runs:
            with contextlib.suppress(RunError) if len(runs) > 1 else contextlib.nullcontext():
                check_mine(run)
                action(run)


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Say in a passing box what could not be done."""
    try:
        yield
    except InputError as error:
        st.toast(without_links(error), icon=":material/error:")


def live_settings(run: Run) -> None:
    """Learning rate and weight decay of a run in work; they act from its next epoch and leave a mark on the curves."""
    if not run.status.active:
        return
    asked, began = adjustments(run), run.config.training
    with st.popover(_("Change while it trains"), icon=":material/tune:"), st.form(f"live_{run.id}", border=False):
        chosen = {}
        for name in ("learning_rate", "weight_decay"):
            rule, now = TrainingConfig.table()[name], asked.get(name, getattr(began, name))
            about: dict[str, Any] = {"key": f"live_{name}_{run.id}", "help": _(rule.help)}
            chosen[name] = st.number_input(_(rule.label), rule.low, rule.high, now, 0.001, "%g", **about)
        if st.form_submit_button(_("Use from the next epoch")):
            with told():
                check_mine(run)
                run.ask(**chosen)
                st.toast(_("They act from the next epoch on."), icon=":material/check:")
