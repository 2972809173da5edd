"""Where in a trial a network looked, drawn two ways, with what can be checked of it."""

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import scipy  # special comes when it is used
import streamlit as st

from eegnets.charts.saliency import describe_saliency, gradient_table, occlusion_table, saliency_chart
from eegnets.translation import N_, _
from eegnets.trials import Trials
from eegnets.ui.choices import segments
from eegnets.ui.drawing import shared, show
from eegnets.ui.identity import BY_NUMBER, number

if TYPE_CHECKING:
    from torch import nn

WAYS = (N_("gradient"), N_("covering"))
UNDER = N_("above a channel's line: for it; below: against it")
MANY = 64  # maps and networks that are remembered
STEPS = 5  # of a covering window within its width
COVERED = 2000  # trials that a map may take; of more channels the window goes further at a step, up to its width
WORK = 50_000_000  # samples that may go through a network for a map: some seconds
FINEST = 0.05  # s, of the slider


def where_it_looked(model: "nn.Module", trials: Trials, index: int, target: int, name: str) -> None:
    """The map of one trial for the class `name`, the `target`-th; beside it, if wanted, one that was not learned."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        way = segments(
            _("Where it looked, by"),
            WAYS,
            WAYS[0],
            "way",
            help=_(
                "Gradient: integrated gradients from a flat trial of 0 µV, for every sample. Covering: a window of "
                "one channel is set to 0 µV, and the map shows how far the answer's log-odds fall. Log-odds: how far "
                "the answer's logit lies above the others'; 0 is a probability of 50 %."
            ),
        )
        width = _width(trials) if way == WAYS[1] else 0
        checked = st.toggle(
            _("Check against fresh weights"),
            key="fresh",
            bind="query-params",
            help=_(
                "The same map of the same network before any training. A map worth believing is another one "
                "(Adebayo et al. 2018)."
            ),
        )
    left, right = st.columns([3, 2], gap="large")
    rows, pulls = _map(number(model), model, trials, index, target, width)
    words = _("Where the network saw “{name}”", name=_(name))
    with left:
        chart = shared(saliency_chart, trials, rows, words, _(UNDER))
        show(chart, key="saliency", alt=describe_saliency(rows, words))
        if way == WAYS[0]:
            _completeness(model, trials.X[index], target, pulls)
    if checked:
        with right:
            _check(model, trials, index, target, width, pulls)


def _width(trials: Trials) -> int:
    """Samples of the covering window, as the reader sets it in seconds."""
    longest = trials.n_times / trials.sfreq
    least = FINEST * max(math.ceil(least_step(trials.n_chans, trials.n_times) / trials.sfreq / FINEST), 1)
    most = max(min(2.0, longest), 0.1, least + FINEST)
    usual = max(min(0.25, longest), least)
    if not least <= st.session_state.get("cover", usual) <= most:  # it was chosen for trials of another size
        del st.session_state.cover
    seconds = st.slider(_("Window (s)"), least, most, usual, FINEST, key="cover", bind="query-params")
    return round(seconds * trials.sfreq)


def least_step(n_chans: int, n_times: int) -> int:
    """How far a covering window must go at a step, and be wide, that a map of large trials takes no minutes."""
    windows = max(WORK // (n_chans * n_chans * n_times), 1)  # of each channel
    return math.ceil(n_times / windows)


@st.cache_resource(max_entries=MANY, show_spinner=False, hash_funcs=BY_NUMBER)
def _map(
    network: int, _model: "nn.Module", trials: Trials, index: int, target: int, width: int
) -> tuple[pd.DataFrame, np.ndarray]:
    """The table to draw and the map itself; by the gradient where there is no `width`. Made once for all sessions."""
    from eegnets.saliency import integrated_gradients, occlusion

    if not width:
        pulls = integrated_gradients(_model, trials.X[index], target)
        return gradient_table(trials, pulls), pulls
    least = least_step(trials.n_chans, trials.n_times)
    step = max(width // STEPS, trials.n_chans * trials.n_times // COVERED, least)
    found = occlusion(_model, trials.X[index], target, width, min(step, max(width, 1)))
    return occlusion_table(trials, found), found.drops


def _completeness(model: "nn.Module", X: np.ndarray, target: int, pulls: np.ndarray) -> None:
    from eegnets.saliency import lead

    trial, flat = lead(model, X, target)
    st.caption(
        _(
            "All bars add up to **{sum:+.3f}** logits; the answer's log-odds are {trial:+.3f} for this trial (a "
            "probability of {likely:.1%}) and {flat:+.3f} for a flat one of 0 µV ({likely_flat:.1%}), a lead of "
            "**{lead:+.3f}**. Between the two lies the error of 32 steps, {error:.3f}.",
            sum=pulls.sum(),
            trial=trial,
            likely=scipy.special.expit(trial),
            flat=flat,
            likely_flat=scipy.special.expit(flat),
            lead=trial - flat,
            error=abs(pulls.sum() - trial + flat),
        )
    )


def _check(model: "nn.Module", trials: Trials, index: int, target: int, width: int, pulls: np.ndarray) -> None:
    """The map of the same network with fresh weights, and how alike the two are."""
    from eegnets.saliency import rank_correlation

    blank = _unlearned(number(model), model)
    rows, fresh = _map(number(blank), blank, trials, index, target, width)
    words = _("The same network with fresh weights")
    show(
        shared(saliency_chart, trials, rows, words, _("it has learned nothing")),
        key="unlearned",
        alt=describe_saliency(rows, words),
    )
    st.caption(verdict(rank_correlation(pulls, fresh)))


@st.cache_resource(max_entries=MANY, show_spinner=False)
def _unlearned(network: int, _model: "nn.Module") -> "nn.Module":
    from eegnets.saliency import unlearned

    return unlearned(_model)


def verdict(alike: float) -> str:
    """What the rank correlation of a map with an unlearned one says."""
    if np.isnan(alike):
        return _("One of the two maps is the same everywhere: nothing can be compared.")
    told = _("Rank correlation of the two maps' sizes: **{alike:.2f}** (0: unlike, 1: the same order).", alike=alike)
    if abs(alike) < 0.3:
        says = _(
            "The map is not the trial's own shape: the weights matter. That does not make it right: two untrained "
            "networks differ as much."
        )
    elif abs(alike) < 0.7:
        says = _("A part of the map comes from the trial's shape, whatever was learned: read it with care.")
    else:
        says = _("The map shows mostly the trial's shape: it says little of what was learned.")
    return f"{told} {says}"
