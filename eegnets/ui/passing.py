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
    layer_values,
    settle,
)
from eegnets.translation import N_, _
from eegnets.trials import SPLITS, Trials
from eegnets.ui.bending import parameter_sliders
from eegnets.ui.browsing import bounded
from eegnets.ui.choices import listed, segments
from eegnets.ui.classifying import fitting, fold_of, of, tell_missing
from eegnets.ui.drawing import shared, show
from eegnets.ui.forms import control
from eegnets.ui.identity import BY_NUMBER
from eegnets.ui.links import without_links
from eegnets.ui.looking import whole
from eegnets.ui.naming import labels
from eegnets.ui.state import trials
from eegnets.units import sights

NEW = {f"untrained {name}": name for name in ModelConfig.table()["name"].choices}
LAYER, MAP = N_("whole layer"), N_("this map")
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
        index = bounded(_("Trial"), len(network.fold), "answer") - 1
    passage = _passage_picker(network, index)
    st.caption(
        _(
            "{trial}. Within a network values have no unit: weights take the µV away.",
            trial=without_links(trial_title(network.fold, index)),
        )
    )
    other, parameters = _instead(passage, network.config)
    found = bend(passage.layer, passage.before)
    st.markdown(_in_words(passage, found))
    if other:
        passage = replace(passage, layer=other)
        found = bend(other, passage.before)
        st.markdown(_("With **{name} instead**: {words}", name=passage.name, words=_in_words(passage, found)))
    left, right = st.columns(2)
    with left:
        _inputs(passage)
    with right:
        _shares(passage, parameters)
    _traces(passage, found)


def _network_picker(recorded: Trials, source: str) -> Network:
    runs = fitting(recorded, source)
    called = labels(runs.values()) | {name: _("untrained {network}", network=NEW[name]) for name in NEW}
    names = list(called)
    tell_missing(names)
    picked = listed(
        _("Network"),
        names,
        next((name for name in names if name.endswith("eegnet-relu")), names[0]),
        "network",
        called.__getitem__,
        width=280,
        help=_("Shipped checkpoints, your own runs, and networks with random weights, that take such trials."),
    )
    config = _new_config(NEW[picked]) if picked in NEW else runs[picked].config.model
    seed = control(TrainingConfig.table()["seed"]) if picked in NEW else 0
    part = segments(_("Trials"), SPLITS[::-1], "test", "part")
    if picked in NEW:
        return Network(_untrained(config, recorded, seed), config, _part(recorded, part))
    return Network(of(runs[picked]).model, config, fold_of(runs[picked], recorded, part))


def _new_config(name: str) -> ModelConfig:
    bend_name = st.selectbox(_("Activation"), list(ACTIVATIONS), 1, key="bend", bind="query-params", width=130)
    return ModelConfig(name, bend_name, **parameter_sliders([bend_name], "new_"))


@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs=BY_NUMBER)
def _untrained(config: ModelConfig, recorded: Trials, seed: int) -> nn.Module:
    """A network with its first weights, made ready for these trials."""
    torch.set_num_threads(1)  # the cores are the workers'
    some = whole(recorded, "train").X[:SETTLING]
    some = some if len(some) else whole(recorded, "test").X[:SETTLING]
    return settle(build(config, recorded, seed), torch.from_numpy(some))


def _part(recorded: Trials, part: str) -> Trials:
    fold = whole(recorded, part)
    if not len(fold):
        text = _("there are no trials in the split {part!r} of these data; choose the other one.", part=_(part))
        raise InputError(text)
    return fold


def _passage_picker(network: Network, index: int) -> Passage:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        layers = bends(network.model)
        help_ = _("The activation layers of the network, in the order in which a trial passes them.")
        name = listed(_("Layer"), list(layers), next(iter(layers)), "layer", str, width=200, help=help_)
        values = layer_values(network.model, torch.from_numpy(network.fold.X[index : index + 1]))[name].before
        before = values[0].flatten(1).numpy()  # (n_maps, n_values)
        place = bounded(_("Map"), len(before), "map", help_=_("Which of the layer's maps is drawn over time.")) - 1
        counted = segments(_("Count the values of"), [LAYER, MAP], LAYER, "count")
    times = sights(network.model)[name].times(before.shape[1], network.fold.sfreq)
    return Passage(before, times, layers[name], place, counted == LAYER)


def _instead(passage: Passage, config: ModelConfig) -> tuple[nn.Module | None, dict[str, float]]:
    """Another activation to stand in the layer's place, if the reader wants one; and the parameters for all of them."""
    parameters = {"negative_slope": config.negative_slope, "alpha": config.alpha}
    picked = st.pills(
        _("What if another function stood here? Now it is {name}", name=passage.name),
        list(ACTIVATIONS),
        key="instead",
        bind="query-params",
        wrap=True,
        help=_("The same values go in. A Maxout that is put here is new: it has learned nothing yet."),
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
    if passage.whole:
        values = _("this layer's {n:,} values for this trial", n=slope.size)
    else:
        values = _("map {map}'s {n:,} values for this trial", map=passage.place + 1, n=slope.size)
    share = flat_share(slope)
    if not share:
        text = _("**None** of {values} lies where {name} is flat: everywhere some gradient passes.")
        return text.format(values=values, name=name)
    if share == flat_share(slope, 0):
        text = _("**{share}** of {values} lie where {name}'s slope is 0: no gradient passes there.")
    else:
        text = _(
            "**{share}** of {values} lie where {name}'s slope is nearer to 0 than {flat}: hardly any gradient passes "
            "there."
        )
    shown = f"{share:.1%}" if share >= 0.0005 else _("less than 0.1%")
    words = text.format(share=shown, values=values, name=name, flat=FLAT)
    silent = int(flat(found.slope).all(axis=1).sum())
    if passage.whole and silent:
        more = _("In {silent} of its {n} maps that is so throughout this trial.", silent=silent, n=len(slope))
        words = f"{words} {more}"
    return words


def _inputs(passage: Passage) -> None:
    counted = passage.before[passage.counted]
    counts = histogram(counted)
    curves = _curves(passage, np.linspace(counts["start"].iloc[0], counts["stop"].iloc[-1], 2 * len(counts) + 1))
    whose = _("the whole layer") if passage.whole else _("map {map}", map=passage.place + 1)
    title = _("What goes into {name}, {whose}", name=passage.name, whose=whose)
    chart = shared(inputs_chart, counts, curves, passage.name, title)
    text = _("How the values of {whose} lie, from {low:.2f} to {high:.2f}")
    spoken = text.format(whose=whose, low=counted.min(), high=counted.max())
    show(chart, key="inputs", alt=spoken)


def _shares(passage: Passage, parameters: dict[str, float]) -> None:
    shares = flat_shares(passage.before[passage.counted], **parameters)
    show(shared(shares_chart, shares), key="shares", alt=describe_shares(shares))
    st.caption(
        _(
            "Only the function is exchanged, on the same inputs. A network that is trained with another function "
            "learns other weights, and so has other inputs."
        )
    )


def _traces(passage: Passage, found: Bent) -> None:
    place = passage.place
    drawn = passage.before[place], found.after[place], found.slope[place]
    title = _("Map {map} before and after {name}", map=place + 1, name=passage.name)
    chart = shared(trace_chart, passage.times, *drawn, passage.name, title)
    text = _("Map {map} over time; {share:.1%} of it lies where {name} is flat")
    spoken = text.format(map=place + 1, share=flat_share(found.slope[place]), name=passage.name)
    show(chart, key="traces", alt=spoken)


def _curves(passage: Passage, x: np.ndarray) -> pd.DataFrame:
    """The layer's curve over x, or those of its maps where each has its own: rows of x, value, slope, curve."""
    found = bend_curves(passage.layer, len(passage.before), x)
    own = [passage.place] if len(found.after) > 1 and not passage.whole else range(len(found.after))[:MOST_CURVES]
    rows = [pd.DataFrame({"x": x, "value": found.after[i], "slope": found.slope[i], "curve": i + 1}) for i in own]
    return pd.concat(rows, ignore_index=True)
