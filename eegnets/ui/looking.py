"""Looking inside a network: which one, all its layers on one trial, one layer's maps, one value worked out."""

from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
import streamlit as st
import torch
from torch import nn

from eegnets import experiment, models, signals
from eegnets.activations import ACTIVATIONS
from eegnets.charts.layers import TRIAL, features_chart, maps_chart, overview_chart, picture, unit_chart
from eegnets.charts.trial import trial_chart, trial_title
from eegnets.classification import Shape
from eegnets.config import ModelConfig, TrainingConfig
from eegnets.explain import LayerValues, layer_values, leaves
from eegnets.run_folder import Run
from eegnets.separable import n_weights
from eegnets.translation import N_, _, language
from eegnets.trials import Trials
from eegnets.ui.browsing import bounded, stepper
from eegnets.ui.choices import listed
from eegnets.ui.classifying import fitting, of, tell_missing
from eegnets.ui.drawing import shared, show
from eegnets.ui.forms import control
from eegnets.ui.identity import BY_NUMBER, number
from eegnets.ui.links import as_written
from eegnets.ui.naming import labels
from eegnets.units import Place, sights, silent_biases, work_out

UNTRAINED = N_("untrained")
UNITLESS = N_("no unit")
COLUMNS = ("layer", "kind", "does", "shape", "parameters", "multiplications")
SILENT = N_(
    "**Its bias never learns.** What it adds to a map is the same at every sample, and the next batch norm subtracts "
    "each map's mean: while the network trains, the bias changes nothing and its gradient is zero."
)


class Looked(NamedTuple):
    """The network that is looked at, and its like before training (None where it is itself untrained)."""

    model: nn.Module
    before: nn.Module | None
    shape: Shape


def network_to_look_at(trials: Trials, source: str) -> Looked:
    """Pick a finished run that takes such trials, or an untrained network made for them."""
    found = fitting(trials, source)
    tell_missing([*found, UNTRAINED])
    called = labels(found.values()) | {UNTRAINED: _(UNTRAINED)}
    picked = listed(
        _("Network"),
        list(called),
        next(iter(called)),
        "network",
        called.__getitem__,
        help=_("Shipped checkpoints and your own runs whose networks take such trials, or one that is made now."),
        width=320,
    )
    return _untrained(trials) if picked == UNTRAINED else trained(found[picked])


def _untrained(trials: Trials) -> Looked:
    rules, new = ModelConfig.table(), "new_"
    name = control(rules["name"], new)
    activation = control(replace(rules["activation"], choices=tuple(ACTIVATIONS)), new)
    seed = control(TrainingConfig.table()["seed"], new)
    shape = Shape(trials.n_chans, trials.n_times, trials.sfreq, trials.ch_names, trials.class_names)
    config = ModelConfig(name=name, activation=activation)
    return Looked(_fresh(config, shape, seed), None, shape)


def trained(run: Run) -> Looked:
    """The network of a finished run, and the one that it was before training."""
    network, config = of(run), run.config
    before = _fresh(config.model, network.shape, config.training.seed)
    return Looked(network.model, before, network.shape)


@st.cache_resource(max_entries=64, show_spinner=False)
def _fresh(config: ModelConfig, shape: Shape, seed: int) -> nn.Module:
    """A network before any training, made once for all sessions: what is found of it is remembered by its number."""
    return experiment.build(config, shape, seed).eval()


@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs=BY_NUMBER)
def whole(trials: Trials, part: str) -> Trials:
    """The trials of a split with their gaps closed."""
    return replace(trials, X=signals.complete(trials)).of_split(part)


@st.fragment
def inside(looked: Looked, fold: Trials) -> None:
    """All layers on one trial; beside them the layer that is open, and one of its values."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        index = stepper(len(fold), "trial") - 1
        names = [TRIAL, *leaves(looked.model)]
        layer = listed(_("Layer"), names, names[1], "layer", _layer_words, on_change=_first_value, width=240)
    values = layer_values(looked.model, torch.from_numpy(fold.X[index : index + 1]))
    st.markdown(as_written(_verdict(fold, index, looked.shape, values)))
    left, right = st.columns([2, 3], gap="medium")
    with left:
        seconds = fold.n_times / fold.sfreq
        chart = shared(overview_chart, _overview(looked.model, fold, index, values), layer, seconds)
        key = f"overview_{layer}"  # another layer, another chart: the same row can be clicked again
        words = _(
            "Every layer's output for one trial: {layers}; open is {open}",
            layers=", ".join(values),
            open=_layer_words(layer),
        )
        show(chart, key=key, on_select=partial(_open_layer, key), alt=words)
    with right:
        if layer == TRIAL:
            show(shared(trial_chart, fold, index, filled=True), key="input", alt=trial_title(fold, index))
        else:
            _layer(looked, fold, layer, values[layer])


def _verdict(fold: Trials, index: int, shape: Shape, values: dict[str, LayerValues]) -> str:
    """Which trial it is, and what comes out of the last layer for it."""
    probabilities = list(values.values())[-1].after[0].softmax(0)
    answer = int(probabilities.argmax())
    return _(
        "{trial}. The network answers {answer}, {sure:.0%}.",
        trial=trial_title(fold, index),
        answer=_(shape.class_names[answer]),
        sure=float(probabilities[answer]),
    )


def _layer_words(name: str) -> str:
    return _(TRIAL) if name == TRIAL else name


def _overview(model: nn.Module, fold: Trials, index: int, values: dict[str, LayerValues]) -> pd.DataFrame:
    table = layer_rows(model)
    table["url"] = [picture(values[name].after[0].numpy()) for name in table["layer"]]
    first = {"layer": TRIAL, "kind": "EEG", "shape": f"{fold.n_chans} × {fold.n_times}", "does": _("The EEG in µV.")}
    first |= {"parameters": 0, "multiplications": 0, "url": picture(fold.X[index])}
    return pd.concat([pd.DataFrame([first]), table], ignore_index=True)


def layer_rows(model: nn.Module) -> pd.DataFrame:
    """The network's layers as a table, shapes in words."""
    return _layer_rows(number(model), language(), model)


@st.cache_data(max_entries=64, show_spinner=False)
def _layer_rows(network: int, language: str, _model: nn.Module) -> pd.DataFrame:
    table = models.layer_table(_model)
    table["shape"] = [" × ".join(map(str, shape)) for shape in table["shape"]]
    return table[list(COLUMNS)]


def _open_layer(key: str) -> None:
    picked = st.session_state[key].selection.get("layer")
    if picked:
        st.session_state.layer = picked[0]["layer"]
        _first_value()


def _first_value() -> None:
    for key in ("map", "sample"):
        st.session_state.pop(key, None)


@st.fragment
def _layer(looked: Looked, fold: Trials, name: str, values: LayerValues) -> None:
    """One layer: what it is, all its maps, and one of its values worked out."""
    layer = leaves(looked.model)[name]
    row = layer_rows(looked.model).set_index("layer").loc[name]
    st.markdown(
        f"**{name}** · {row['kind']} · {row['shape']}  \n{row['does']} {_sight(looked.model, name, fold.sfreq)}"
    )
    if name in silent_biases(looked.model):
        st.info(_(SILENT), icon=":material/volume_off:")
    after, unit = values.after[0], _unit(looked.model, name)
    if after.ndim == 1:
        names = list(looked.shape.class_names)
        chart = shared(features_chart, after.numpy(), names, _("What comes out of {name}", name=name), unit)
        show(chart, key="features", alt=_(", ").join(f"{_(n)}: {v:.3f}" for n, v in zip(names, after, strict=True)))
        place = Place(bounded(_("Class"), len(names), "map") - 1, 0, 0)
    else:
        place = _place(looked, fold, name, after, unit)
    _working(layer, values, place, float(after[place[: after.ndim]]), unit)


def _place(looked: Looked, fold: Trials, name: str, after: torch.Tensor, unit: str) -> Place:
    """Which value of a layer's maps is open; all maps, and that one over time."""
    n_maps, n_rows, n_samples = after.shape
    with st.container(horizontal=True, vertical_alignment="bottom"):
        one = bounded(_("Map"), n_maps, "map")
        row = _electrode(looked.shape.ch_names) if n_rows > 1 else 0
        sample = bounded(_("Sample"), n_samples, "sample", start=n_samples // 2 + 1)
    sight, seconds = sights(looked.model)[name], fold.n_times / fold.sfreq
    times = (sight.first / fold.sfreq, sight.step / fold.sfreq)
    where = f"{name}, {looked.shape.ch_names[row]}" if n_rows > 1 else name
    maps = after[:, row].numpy()
    key = f"maps_{name}_{one}"
    chart = shared(maps_chart, maps, times, seconds, one, where, unit)
    text = _("{maps} maps of {layer} over {samples} samples, from {low:.3g} to {high:.3g} {unit}")
    spoken = text.format(maps=n_maps, layer=where, samples=n_samples, low=maps.min(), high=maps.max(), unit=_(unit))
    show(chart, key=key, on_select=partial(_open, key, "map"), alt=spoken)
    key = f"unit_{name}_{one}_{sample}"
    words = _("Map {map} of {layer}", map=one, layer=where)
    chart = shared(unit_chart, maps[one - 1], times, seconds, sample, words, unit)
    text = _("{words} over time; at sample {sample} it is {value:.4g} {unit}")
    spoken = text.format(words=words, sample=sample, value=maps[one - 1, sample - 1], unit=_(unit))
    show(chart, key=key, on_select=partial(_open, key, "sample"), alt=spoken)
    return Place(one - 1, row, sample - 1)


def _open(key: str, name: str) -> None:
    picked = st.session_state[key].selection.get(name)
    if picked:
        st.session_state[name] = int(picked[0][name])


def _electrode(ch_names: tuple[str, ...]) -> int:
    picked = st.selectbox(_("Electrode"), ch_names, key="electrode", bind="query-params", width=110)
    return ch_names.index(picked)


def _working(layer: nn.Module, values: LayerValues, place: Place, own: float, unit: str) -> None:
    """The formula of one value with its numbers, and all that is summed."""
    working = work_out(layer, values, place)
    st.latex(working.formula)
    st.latex(working.numbers)
    said = "" if unit == UNITLESS else f" {_(unit)}"
    agrees = np.isclose(working.value, own, rtol=1e-4, atol=1e-4 * float(values.after.abs().max()))
    if agrees:
        text = _("Worked out: {value}. The network's own value: {own}, the same but for rounding.")
    else:
        text = _("Worked out: {value}. The network's own value: {own}; they differ, which is an error of this program.")
    st.caption(text.format(value=f"{working.value:.6g}{said}", own=f"{own:.6g}{said}"))
    if isinstance(layer, nn.Dropout):
        st.caption(_("Dropout silences values only while the network trains; here every value passes."))
    if working.terms is not None:
        n = len(working.terms)
        with st.expander(_("All {n} terms of the sum, of which the formula writes the largest", n=n)):
            st.dataframe(
                working.terms, hide_index=True, column_config=_terms(), height=260, alt=_("Weights times inputs")
            )


def _terms() -> dict[str, object]:
    """The columns of a sum's terms."""
    help_ = _("Beyond the trial's ends every input counts as 0.")
    numbers = {"weight": _("Weight"), "input": _("Input"), "product": _("Product")}
    return {
        "map": _("Map"),
        "row": _("Row"),
        "sample": st.column_config.NumberColumn(_("Sample"), help=help_),
        **{name: st.column_config.NumberColumn(words, format="%.4g") for name, words in numbers.items()},
    }


def _sight(model: nn.Module, name: str, sfreq: float) -> str:
    """How much of the trial a value of the layer sees."""
    sight = sights(model).get(name)
    if sight is None:
        return _("Each value sees the whole trial.")
    if sight.width == 1:
        return _("Each value sees one sample of the trial.")
    return _(
        "Each value sees {n} samples ({seconds:.2f} s) of the trial, a new one every {every:.3g} ms.",
        n=sight.width,
        seconds=sight.width / sfreq,
        every=1000 * sight.step / sfreq,
    )


def _unit(model: nn.Module, name: str) -> str:
    """What a layer's values are measured in: µV until the first batch norm, which takes the unit away."""
    layers = leaves(model)
    if isinstance(layers[name], nn.Linear):
        return N_("logit")
    before = list(layers)[: list(layers).index(name) + 1]
    return UNITLESS if any(isinstance(layers[one], nn.BatchNorm2d) for one in before) else "µV"


def layers_section(model: nn.Module) -> None:
    """The layers as a table, their sum, and PyTorch's own listing."""
    table = layer_rows(model)
    st.dataframe(
        table,
        hide_index=True,
        column_config=_table(),
        height=38 + 35 * len(table),
        alt=_("Every layer with its output's shape, its parameters and multiplications"),
    )
    work = table["multiplications"].sum()
    text = _("Together **{parameters:,}** parameters and **{work:,}** multiplications a trial.")
    st.markdown(text.format(parameters=n_weights(model), work=work))
    with st.expander(_("As PyTorch prints it")):
        st.code(str(model), language=None)


def _table() -> dict[str, object]:
    """The columns of the table of layers."""
    text, number = st.column_config.TextColumn, st.column_config.NumberColumn
    return {
        "layer": _("Layer"),
        "kind": _("Kind"),
        "does": text(_("What it does"), width="large"),
        "shape": text(_("Output"), help=_("Maps × electrodes × samples, of one trial.")),
        "parameters": number(_("Parameters"), format="localized"),
        "multiplications": number(_("Multiplications"), format="localized", help=_("With a weight, for one trial.")),
    }
