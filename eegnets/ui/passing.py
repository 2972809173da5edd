"""A trial on its way through an activation layer: of which network, what goes in and comes out, how much lies flat."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import streamlit as st
import torch
from torch import nn

from eegnets.activations import ACTIVATIONS, FLAT, flat
from eegnets.charts.activations import describe_shares, inputs_chart, shares_chart, trace_chart
from eegnets.charts.trial import trial_title
from eegnets.config import DataConfig, InputError, ModelConfig, TrainingConfig
from eegnets.experiment import build
from eegnets.explain import (
    Bent,
    bend,
    bend_curves,
    bends,
    flat_share,
    flat_shares,
    histogram,
    layer_times,
    layer_values,
    settle,
)
from eegnets.trials import SPLITS, Trials
from eegnets.ui.bending import parameter_sliders
from eegnets.ui.browsing import bounded
from eegnets.ui.classifying import fitting, fold_of, of
from eegnets.ui.forms import control
from eegnets.ui.looking import whole
from eegnets.ui.state import trials

NEW = {f"untrained {name}": name for name in ModelConfig.table()["name"].choices}
LAYER, MAP = "whole layer", "this map"
MOST_CURVES = 32  # drawn of a layer whose maps have learned curves of their own
SETTLING = 64  # trials that a new network's batch norms see, as many as in its first batch of training


@dataclass(frozen=True)
class Network:
    """A network that is looked into, and the trials of the chosen split as it takes them."""

    model: nn.Module
    config: ModelConfig
    fold: Trials


@dataclass(frozen=True)
class Passage:
    """One trial before an activation layer: `before` (n_maps, n_values), seconds (n_values,), and the layer itself."""

    before: np.ndarray
    times: np.ndarray
    layer: nn.Module
    place: int  # which map is drawn over time, from 0
    whole: bool  # whether the whole layer is counted, or this map alone

    @property
    def name(self) -> str:
        """The activation's name."""
        return type(self.layer).__name__

    @property
    def counted(self) -> slice:
        """The maps that are counted."""
        return slice(None) if self.whole else slice(self.place, self.place + 1)


def through_a_layer(data: DataConfig) -> None:
    """Pick a network, a trial, a layer and a map; see what the activation does there, and what another would do."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        network = _network_picker(trials(data), data.source)
        index = bounded("Trial", len(network.fold), "answer") - 1
    passage = _passage_picker(network, index)
    st.caption(f"{trial_title(network.fold, index)}. Within a network values have no unit: weights take the µV away.")
    other, parameters = _instead(passage, network.config)
    found = bend(passage.layer, passage.before)
    st.markdown(_in_words(passage, found))
    if other:
        passage = replace(passage, layer=other)
        found = bend(other, passage.before)
        st.markdown(f"With **{passage.name} instead**: {_in_words(passage, found)}")
    left, right = st.columns(2)
    with left:
        _inputs(passage)
    with right:
        _shares(passage, parameters)
    _traces(passage, found)


def _network_picker(recorded: Trials, source: str) -> Network:
    runs = fitting(recorded, source)
    names = [*runs, *NEW]
    first = next((i for i, name in enumerate(names) if name.endswith("eegnet-relu")), 0)
    picked = st.selectbox(
        "Network",
        names,
        first,
        key="network",
        bind="query-params",
        width=280,
        help="Shipped checkpoints, your own runs, and networks with random weights, that take such trials.",
    )
    config = _new_config(NEW[picked]) if picked in NEW else runs[picked].config.model
    seed = control(TrainingConfig.table()["seed"]) if picked in NEW else 0
    part = st.segmented_control("Trials", SPLITS[::-1], default="test", required=True, key="part", bind="query-params")
    if picked in NEW:
        return Network(_untrained(config, recorded, seed)[0], config, _part(recorded, part))
    return Network(of(runs[picked]).model, config, fold_of(runs[picked], recorded, part))


def _new_config(name: str) -> ModelConfig:
    bend_name = st.selectbox("Activation", list(ACTIVATIONS), 1, key="bend", bind="query-params", width=130)
    return ModelConfig(name, bend_name, **parameter_sliders([bend_name], "new_"))


@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs={Trials: id})
def _untrained(config: ModelConfig, recorded: Trials, seed: int) -> tuple[nn.Module, Trials]:
    """A network with its first weights, made ready for these trials; it keeps them, so that their `id` stays theirs."""
    torch.set_num_threads(1)  # the cores are the workers'
    some = whole(recorded, "train")[1].X[:SETTLING]
    some = some if len(some) else whole(recorded, "test")[1].X[:SETTLING]
    return settle(build(config, recorded, seed), torch.from_numpy(some)), recorded


def _part(recorded: Trials, part: str) -> Trials:
    _, fold = whole(recorded, part)
    if not len(fold):
        raise InputError(f"there are no trials in the split {part!r} of these data; choose the other one.")
    return fold


def _passage_picker(network: Network, index: int) -> Passage:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        layers = bends(network.model)
        name = st.selectbox(
            "Layer",
            list(layers),
            key="layer",
            bind="query-params",
            width=200,
            help="The activation layers of the network, in the order in which a trial passes them.",
        )
        values = layer_values(network.model, torch.from_numpy(network.fold.X[index : index + 1]))[name].before
        before = values[0].flatten(1).numpy()  # (n_maps, n_values)
        place = bounded("Map", len(before), "map", help_="Which of the layer's maps is drawn over time.") - 1
        counted = st.segmented_control(
            "Count the values of", [LAYER, MAP], default=LAYER, required=True, key="count", bind="query-params"
        )
    times = layer_times(network.model, name, before.shape[1], network.fold.sfreq)
    return Passage(before, times, layers[name], place, counted == LAYER)


def _instead(passage: Passage, config: ModelConfig) -> tuple[nn.Module | None, dict[str, float]]:
    """Another activation to stand in the layer's place, if the reader wants one; and the parameters for all of them."""
    parameters = {"negative_slope": config.negative_slope, "alpha": config.alpha}
    picked = st.pills(
        f"What if another function stood here? Now it is {passage.name}",
        list(ACTIVATIONS),
        key="instead",
        bind="query-params",
        wrap=True,
        help="The same values go in. A Maxout that is put here is new: it has learned nothing yet.",
    )
    if not picked:
        return None, parameters
    with st.container(horizontal=True):
        parameters |= parameter_sliders([picked], "instead_")
    entry = ACTIVATIONS[picked]
    return entry.make(len(passage.before), **entry.pick(parameters)), parameters


def _in_words(passage: Passage, found: Bent) -> str:
    """How much of what is counted lies where no gradient passes."""
    slope, name = found.slope[passage.counted], passage.name
    whose = "this layer's" if passage.whole else f"map {passage.place + 1}'s"
    values, share = f"{whose} {slope.size:,} values for this trial", flat_share(slope)
    if not share:
        return f"**None** of {values} lies where {name} is flat: everywhere some gradient passes."
    shown = f"{share:.1%}" if share >= 0.0005 else "less than 0.1%"
    if share == flat_share(slope, 0):
        words = f"**{shown}** of {values} lie where {name}'s slope is 0: no gradient passes there."
    else:
        words = f"**{shown}** of {values} lie where {name}'s slope is nearer to 0 than {FLAT}: hardly any gradient "
        words += "passes there."
    silent = int(flat(found.slope).all(axis=1).sum())
    if passage.whole and silent:
        words += f" In {silent} of its {len(slope)} maps that is so throughout this trial."
    return words


def _inputs(passage: Passage) -> None:
    counted = passage.before[passage.counted]
    counts = histogram(counted)
    curves = _curves(passage, np.linspace(counts["start"].iloc[0], counts["stop"].iloc[-1], 2 * len(counts) + 1))
    whose = "the whole layer" if passage.whole else f"map {passage.place + 1}"
    chart = inputs_chart(counts, curves, passage.name, f"What goes into {passage.name}, {whose}")
    spoken = f"How the values of {whose} lie, from {counted.min():.2f} to {counted.max():.2f}"
    st.altair_chart(chart, key="inputs", alt=spoken)


def _shares(passage: Passage, parameters: dict[str, float]) -> None:
    shares = flat_shares(passage.before[passage.counted], **parameters)
    st.altair_chart(shares_chart(shares), key="shares", alt=describe_shares(shares))
    st.caption(
        "Only the function is exchanged, on the same inputs. A network that is trained with another function learns "
        "other weights, and so has other inputs."
    )


def _traces(passage: Passage, found: Bent) -> None:
    place = passage.place
    drawn = passage.before[place], found.after[place], found.slope[place]
    chart = trace_chart(passage.times, *drawn, passage.name, f"Map {place + 1} before and after {passage.name}")
    spoken = f"Map {place + 1} over time; {flat_share(found.slope[place]):.1%} of it lies where {passage.name} is flat"
    st.altair_chart(chart, key="traces", alt=spoken)


def _curves(passage: Passage, x: np.ndarray) -> pd.DataFrame:
    """The layer's curve over x, or those of its maps where each has its own: rows of x, value, slope, curve."""
    found = bend_curves(passage.layer, len(passage.before), x)
    own = [passage.place] if len(found.after) > 1 and not passage.whole else range(len(found.after))[:MOST_CURVES]
    rows = [pd.DataFrame({"x": x, "value": found.after[i], "slope": found.slope[i], "curve": i + 1}) for i in own]
    return pd.concat(rows, ignore_index=True)
