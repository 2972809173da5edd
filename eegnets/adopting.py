"""Weights from elsewhere as a finished run of one's own, so that every page can ask that network."""

import json
from dataclasses import replace
from pathlib import Path

import safetensors.torch

from eegnets import models
from eegnets.config import DataConfig, RunConfig
from eegnets.run_folder import Run
from eegnets.runs import RunStore
from eegnets.translation import N_, _
from eegnets.trials import Trials
from eegnets.weights import WeightsError, load, read, recognise

CAME_FROM = N_("Its weights came from {name}; nothing is known of how it was trained.")  # stored in English


def adopt(path: Path, activation: str, data: DataConfig, trials: Trials, store: RunStore, owner: str = "") -> Run:
    """A run whose network has the weights of a file, for trials such as these; it has no history.

    activation: which one bends it, as weights do not tell. Channels and classes are taken to be those of `trials`, in
    their order. Raises InputError where the file is of no use or the network takes other trials.
    """
    found = recognise(read(path))
    length_out = models.MODELS[found.network].length_out
    lengths = {name: size for name, size in found.options.items() if name.endswith("_length")}
    same_length = length_out(trials.n_times, **lengths) == length_out(found.n_times, **lengths)
    found = replace(found, n_times=trials.n_times if same_length else found.n_times)
    takes = (found.n_chans, found.n_times, found.n_outputs)
    have = (trials.n_chans, trials.n_times, len(trials.class_names))
    if takes != have:
        text = _(
            "{name} is an {network} for {takes_channels} channels, {takes_samples} samples and {takes_classes} "
            "classes; the data in the sidebar have {channels}, {samples} and {classes}. Choose such data there first."
        )
        wanted = dict(zip(("takes_channels", "takes_samples", "takes_classes"), takes, strict=True))
        there = dict(zip(("channels", "samples", "classes"), have, strict=True))
        raise WeightsError(text.format(name=path.name, network=found.network, **wanted, **there))
    model = load(found, activation)
    shape = {"n_chans": trials.n_chans, "n_times": trials.n_times, "sfreq": trials.sfreq}
    shape |= {"ch_names": trials.ch_names, "class_names": trials.class_names}
    state = {name: value.contiguous() for name, value in model.state_dict().items()}

    def fill(run: Run) -> None:
        metadata = {"config": json.dumps(run.about()), "trials": json.dumps(shape), "epoch": "0"}
        run.save_weights(safetensors.torch.save(state, metadata))
        run.finish("finished", CAME_FROM.format(name=path.name))

    config = RunConfig(data).with_(name=found.network, activation=activation)
    return store.create(config, owner=owner, name=path.name, fill=fill)
