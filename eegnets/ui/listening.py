"""What the first layers hear, before and after training; and how many weights a convolution needs."""

from functools import cache, partial

import numpy as np
import pandas as pd
import streamlit as st
from torch import nn

from eegnets.charts.filters import (
    counts_chart,
    gains_chart,
    kernels_chart,
    response_chart,
    sides_chart,
    weights_chart,
)
from eegnets.filters import ANSWERING, RHYTHMS, FirstLayers, first_layers, kernel_table, response, sides
from eegnets.models import EEGNet
from eegnets.separable import counts, expected_ratio, n_weights, truly_separable
from eegnets.translation import N_, _, with_unit
from eegnets.trials import Trials
from eegnets.ui.choices import listed, segments
from eegnets.ui.drawing import shared, show
from eegnets.ui.identity import BY_NUMBER, number
from eegnets.ui.looking import Looked

ALONE = N_("conv0 alone")
SEPARATELY = {N_("full"): ("full",), N_("separable"): ("depthwise", "pointwise")}
COUNTED = {
    "Kernel": N_("Of {n} kernels, so many are loudest in each rhythm, {rhythms}, above {above}."),
    "Filter": N_("Of {n} filters, so many are loudest in each rhythm, {rhythms}, above {above}."),
}
COUNTED_TWICE = {
    "Kernel": N_("Of {n} kernels, so many are loudest in each rhythm, untrained → trained: {rhythms}, above {above}."),
    "Filter": N_("Of {n} filters, so many are loudest in each rhythm, untrained → trained: {rhythms}, above {above}."),
}
LOUDEST = {
    "Kernel": N_("Loudest frequency of each Kernel: {peaks}"),
    "Filter": N_("Loudest frequency of each Filter: {peaks}"),
}


@st.fragment
def first_layer(looked: Looked) -> None:
    """Kernels and their frequency responses, weights of the electrodes, one kernel in detail."""
    networks = {"untrained": looked.before or looked.model}
    if looked.before is not None:
        networks["trained"] = looked.model
    found = {state: first_layers(model) for state, model in networks.items()}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        noun, kernels = _heard(found, looked.shape.ch_names)
        loudness = segments(_("Gain"), [N_("linear"), "dB"], "linear", "gain")
    sfreq, now = looked.shape.sfreq, list(networks)[-1]
    tables = {state: _table_of(of_state, sfreq) for state, of_state in kernels.items()}
    order = tables[now]["kernel"].tolist()
    gains = {state: _response_of(of_state, sfreq) for state, of_state in kernels.items()}
    loudest = max(float(gain.max()) for freqs, gain in gains.values())
    _count(tables, noun)
    one = st.session_state.get("kernel")  # another kernel, another chart: the same row can be clicked again
    for column, state in zip(st.columns(len(networks)), networks, strict=True):
        key = f"response_{state}_{one}"
        chart = shared(response_chart, *gains[state], order, state, loudness, noun, loudest)
        spoken = ", ".join(f"{row.kernel}: {row.peak:.0f} Hz" for row in tables[state].itertuples())
        words = _(LOUDEST[noun], peaks=spoken)
        show(chart, key=key, on_select=partial(_open_kernel, key), alt=words, place=column)
    if found[now].weights is not None:
        _weights(found, order, looked.shape.ch_names)
    _one_kernel(kernels, gains, sfreq, loudness, noun)


_table_of = st.cache_resource(max_entries=64, show_spinner=False)(kernel_table)
_response_of = st.cache_resource(max_entries=64, show_spinner=False)(response)


def _heard(found: dict[str, FirstLayers], ch_names: tuple[str, ...]) -> tuple[str, dict[str, np.ndarray]]:
    """Which filters in time: EEGNet's kernels; of a DeepConvNet, also what each electrode goes through."""
    if all(layers.weights is not None for layers in found.values()):
        return N_("Kernel"), {state: layers.kernels for state, layers in found.items()}
    picked = listed(
        _("Filters"),
        [*ch_names, ALONE],
        ch_names[0],
        "heard",
        width=170,
        help=_(
            "conv0 and conv1 have no bend between them: together they are one filter in time for each electrode. Its "
            "kernels alone have five samples, too few to tell one rhythm from another."
        ),
    )
    if picked == ALONE:
        return "Kernel", {state: layers.kernels for state, layers in found.items()}
    return N_("Filter"), {state: layers.joint[:, ch_names.index(picked)] for state, layers in found.items()}


def _count(tables: dict[str, pd.DataFrame], noun: str) -> None:
    """How many are loudest in each rhythm, before and after."""
    tallies = [table["rhythm"].value_counts() for table in tables.values()]
    rhythms = [
        " ".join([with_unit(_(name), f"{low:g}–{high:g} Hz"), " → ".join(str(tally.get(name, 0)) for tally in tallies)])
        for name, (low, high) in RHYTHMS.items()
        if np.isfinite(high)
    ]
    above = " → ".join(str(tally.get("above", 0)) for tally in tallies)
    low, high = ANSWERING
    inside = " → ".join(str(int(table["peak"].between(low, high).sum())) for table in tables.values())
    n = len(next(iter(tables.values())))
    text = COUNTED_TWICE[noun] if len(tables) > 1 else COUNTED[noun]
    counts_ = _(text, n=n, rhythms=_(", ").join(rhythms), above=above)
    inside = _("**Between {low:g} and {high:g} Hz, where imagery shows: {n}.**", low=low, high=high, n=inside)
    st.markdown(f"{counts_} {inside}")


def _open_kernel(key: str) -> None:
    picked = st.session_state[key].selection.get("kernel")
    if picked:
        st.session_state.kernel = int(picked[0]["kernel"])


def _weights(found: dict[str, FirstLayers], order: list[int], ch_names: tuple[str, ...]) -> None:
    reach = max(float(np.abs(layers.weights).max()) for layers in found.values()) or 1.0
    for column, (state, layers) in zip(st.columns(len(found)), found.items(), strict=True):
        chart = shared(weights_chart, layers.weights, layers.kernel_of, order, ch_names, state, reach)
        text = _("Weights of {channels} in {n} filters, {state}")
        spoken = text.format(channels=", ".join(ch_names), n=len(layers.weights), state=_(state))
        show(chart, key=f"weights_{state}", alt=spoken, place=column)


def _one_kernel(
    kernels: dict[str, np.ndarray],
    gains: dict[str, tuple[np.ndarray, np.ndarray]],
    sfreq: float,
    loudness: str,
    noun: str,
) -> None:
    n = len(next(iter(kernels.values())))
    if (st.session_state.get("kernel") or 1) > n:
        st.session_state.kernel = n
    label = _("{label}, of {n}", label=_(noun), n=n)
    which = st.number_input(label, 1, n, key="kernel", bind="query-params", width=130)
    words = f"{_(noun)} {which}"
    left, right = st.columns(2)
    chart = shared(kernels_chart, {state: of_state[which - 1] for state, of_state in kernels.items()}, sfreq, words)
    show(chart, key="kernel_time", alt=_("{words} over time", words=words), place=left)
    freqs = next(iter(gains.values()))[0]
    chart = shared(
        gains_chart, freqs, {state: gain[which - 1] for state, (freqs, gain) in gains.items()}, loudness, words
    )
    loudest = {state: freqs[gain[which - 1].argmax()] for state, (freqs, gain) in gains.items()}
    tops = _(", ").join(f"{_(state)} {top:.1f} Hz" for state, top in loudest.items())
    spoken = _("{words} by frequency; loudest: {tops}", words=words, tops=tops)
    show(chart, key="kernel_gain", alt=spoken, place=right)
    st.caption(_("Loudest: {tops}.", tops=tops))


def sides_section(looked: Looked, recorded: Trials, fold: Trials) -> None:
    """Whether the filters in space know the sides of the head; only where two classes and two sides are known."""
    ends = two_sides(looked.shape.ch_names)
    if ends is None or len(recorded.class_names) != 2 or len(set(fold.y.tolist()) & {0, 1}) < 2:
        return
    if not st.toggle(_("Do the filters know the two sides?"), key="sides", bind="query-params"):
        return
    names = [looked.shape.ch_names[end] for end in ends]
    window = list(fold.windows.values())[-1] if fold.windows else (0.0, fold.n_times / fold.sfreq)
    networks = {"untrained": looked.before or looked.model}
    networks |= {"trained": looked.model} if looked.before is not None else {}
    with st.spinner(_("Asking every filter about every trial …")):
        tables = {state: _sides(number(model), model, fold, ends, window) for state, model in networks.items()}
    rows = pd.concat([table.assign(weights=state) for state, table in tables.items()])
    show(
        shared(sides_chart, rows, fold.class_names, (names[0], names[1])),
        key="sides_chart",
        alt=_spoken(rows).to_string(),
    )
    st.caption(
        _(
            "Power of each filter's output from {start:g} to {stop:g} s over {n} trials. Imagery of a hand weakens the "
            "rhythms of the other side, so filters that hear one side alone differ even before training. `used` in the "
            "hover: how the power goes with the network's lead for the second class.",
            start=window[0],
            stop=window[1],
            n=len(fold),
        )
    )


@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs=BY_NUMBER)
def _sides(
    network: int, _model: nn.Module, fold: Trials, ends: tuple[int, int], window: tuple[float, float]
) -> pd.DataFrame:
    return sides(_model, fold.take(fold.y >= 0), *ends, window)


def _spoken(table: pd.DataFrame) -> pd.DataFrame:
    """A chart's rows in the reader's words, for those who do not see it."""
    return table.map(lambda value: _(value) if isinstance(value, str) else value).rename(columns=_)


def two_sides(ch_names: tuple[str, ...]) -> tuple[int, int] | None:
    """The channels over the left and the right of the head (odd and even names in the 10-20 system); C3, C4 first."""
    if {"C3", "C4"} <= set(ch_names):
        return ch_names.index("C3"), ch_names.index("C4")
    digits = [int(name[-1]) if name[-1:].isdigit() else None for name in ch_names]
    odd = [i for i, digit in enumerate(digits) if digit is not None and digit % 2]
    even = [i for i, digit in enumerate(digits) if digit is not None and not digit % 2]
    return (odd[0], even[0]) if odd and even else None


@st.fragment
def calculator() -> None:
    """How many weights a full and a separable convolution need, counted in real modules."""
    sliders = (
        (_("Kernel k"), "k", 1, 64, 15),
        (_("Channels in"), "n_in", 1, 128, 32),
        (_("Filters Nk"), "n_out", 1, 128, 32),
    )
    columns = st.columns(3)
    k, n_in, n_out = (
        column.slider(label, low, high, start, key=key, bind="query-params")
        for column, (label, key, low, high, start) in zip(columns, sliders, strict=True)
    )
    rows, lines = [], []
    for words, size, term in ((f"{k} × {k}", (k, k), "k²"), (f"1 × {k}", (1, k), "k")):
        found = counts(n_in, n_out, size)
        rows += [
            (f"{words} {_(way)}", part, getattr(found, part), place)
            for way, parts in SEPARATELY.items()
            for place, part in enumerate(parts)
        ]
        lines.append(
            _(
                "- **{words}**: full {full:,}, separable {depthwise:,} + {pointwise:,} = {separable:,}, ratio "
                "{ratio:.4f}; 1/Nk + 1/{term} = {expected:.4f}",
                words=words,
                **found._asdict(),
                separable=found.separable,
                ratio=found.ratio,
                term=term,
                expected=expected_ratio(n_out, size),
            )
        )
    table = pd.DataFrame(rows, columns=["convolution", "part", "weights", N_("place")])
    show(shared(counts_chart, table), key="counts", alt=_spoken(table).to_string(index=False))
    st.markdown("\n".join(lines))
    full, true = _the_labs()
    st.info(
        _(
            "The lab's `separableConv` is separable by name alone: it is one full convolution, and EEGNet has {full:,} "
            "parameters in all. With a truly separable one in its place it has {true:,}.",
            full=full,
            true=true,
        ),
        icon=":material/calculate:",
    )


@cache
def _the_labs() -> tuple[int, int]:
    """Parameters of the lab's EEGNet, and of one whose separable convolution is one; counted in both."""
    return n_weights(EEGNet(2, 750, 2)), n_weights(truly_separable(EEGNet(2, 750, 2)))
