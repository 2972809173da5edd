"""A run as a script of its own: the network written out, the training loop, and the trials that it learned from."""

import inspect
import io
import itertools
import json
import textwrap
from typing import Any

import numpy as np
import torch
from torch import nn

from eegnets import experiment, fused, models, sources
from eegnets.activations import B1, B2, W1, W2
from eegnets.classification import Shape
from eegnets.code_template import BEST, CARD, CELL, CHANGE, CHOSEN, LAST, TEMPLATE
from eegnets.config import SETTINGS, RunConfig, lookup
from eegnets.flags import written
from eegnets.layers import Maxout
from eegnets.run_folder import Run, RunError
from eegnets.training import EVALUATION_BATCH
from eegnets.translation import N_, _
from eegnets.trials import split

WIDTH = 106  # characters of a line of comment

# These stand in the script too, which is in English, whoever reads the page: that translates them.
EXACT = N_("It repeats the run digit for digit: the same first weights, batches and dropout.")
DROPOUT = N_(
    'The run was computed by the engine "fused": the same network, but its dropout draws other random numbers. So the '
    "script learns as well, but its digits differ. This makes a run that its script repeats digit for digit:"
)
RECORDED = N_(
    'The run was computed by the engine "fused" on a graphics card: the same network, but it rounds otherwise, and its '
    "dropout may draw other random numbers. So the script learns as well, but its digits differ. This makes a run that "
    "its script repeats digit for digit:"
)
ROUNDED = N_(
    "The run was computed in bfloat16, which the script does not: it computes in float32. So the script learns as "
    "well, but its digits differ. This makes a run that its script repeats digit for digit:"
)


def script(run: Run, shape: Shape) -> str:
    """A Python script (torch and numpy) that repeats a run on its `exported` trials and prints what each epoch gave.

    Digit for digit where `exact` says so. Raises RunError for a run without a whole epoch.
    """
    history, config = run.history(), run.config
    if not history:
        raise RunError(
            _("run {run} has no whole epoch yet; its code can be shown when the first one has ended.", run=run.id)
        )
    model = experiment.build(run.config.model, shape, run.config.training.seed)
    training, max_norm, changes = config.training, config.model.max_norm, _changes(history)
    held_out = tuple(fold for fold in ("validation", "test") if history[0][f"{fold}_accuracy"] is not None)
    return TEMPLATE.substitute(
        run=run.id,
        title=f"{config.model.name} with {config.model.activation}, trained as run {run.id} was",
        remarks="\n".join(map(_comment, [*_origin(run, shape), verdict(run, shape)])),
        device=_device(run),
        seed=training.seed,
        epochs=_epochs(run, len(history)),
        evaluation_batch=EVALUATION_BATCH,
        batch_size=training.batch_size,
        held_out=json.dumps(held_out).replace("[", "(").replace("]", ",)" if len(held_out) == 1 else ")"),
        threads=f"\ntorch.set_num_threads({training.threads})" if training.threads else "",
        card=CARD if _device(run) == "cuda" else "",
        maxout=_maxout() if any(isinstance(layer, Maxout) for layer in model.modules()) else "",
        network=config.model.name,
        n_chans=shape.n_chans,
        n_times=shape.n_times,
        n_outputs=len(shape.class_names),
        layers="\n".join(_attribute(name, layer) for name, layer in model.named_children()),
        passes="\n".join(_passes(model)),
        optimizer=training.optimizer,
        options=_options(run, history),
        changes=_changes_listed(changes),
        change=CHANGE if changes else "",
        max_norm=f"\n{inspect.getsource(models.apply_max_norm)}\n" if max_norm else "",
        apply="\n        apply_max_norm(model)" if max_norm else "",
        scores="".join(_scores(held_out)),
    )


def exact(run: Run, shape: Shape) -> bool:
    """Whether the script gives the run's own digits: not where it was rounded or the faster engine drew dropout."""
    training = run.config.training
    if training.precision != "float32":
        return False
    if training.engine == "plain" or _device(run) not in fused.DEVICES:
        return True
    if _device(run) == "cuda":
        return False  # where nothing is taken together either, the optimiser rounds otherwise
    model = experiment.build(run.config.model, shape, training.seed)
    return not fused.applies(model, torch.empty(1, shape.n_chans, shape.n_times))


def verdict(run: Run, shape: Shape) -> str:
    """How true the script is to the run; where it is not exact, with the command that makes a run of which it is."""
    return EXACT if exact(run, shape) else f"{doubt(run)} {plain_command(run)}"


def doubt(run: Run) -> str:
    """Why a script is not exact, in words that lead to the run that is."""
    if run.config.training.precision != "float32":
        return ROUNDED
    return RECORDED if _device(run) == "cuda" else DROPOUT


def plain_command(run: Run) -> str:
    """The command that makes a run whose script is exact."""
    return f"python -m eegnets train {written(repeatable(run.config))}"


def repeatable(config: RunConfig) -> RunConfig:
    """The same run, computed so that its script is exact."""
    return config.with_(engine="plain", precision="float32")


def exported(run: Run) -> bytes:
    """The trials of a run as an .npz: X_train, y_train and, where there are such folds, X_validation, …, y_test.

    X float32 µV (n_trials, n_chans, n_times), missing samples filled; y int64. Raises InputError where the trials are
    not here any more, or are others than the run had.
    """
    training = run.config.training
    folds = split(sources.load(run.config.data), training.validation, training.seed)._asdict()
    sizes = {name: len(fold) if fold else 0 for name, fold in folds.items()}
    had = run.conditions().get("trials", sizes)
    if had != sizes:
        raise RunError(
            _(
                "the data have changed since run {run}: it had {before} trials, now there are {now}. Bring the old "
                "data back, or train again.",
                run=run.id,
                before=_counted(had),
                now=_counted(sizes),
            )
        )
    arrays = {f"{part}_{name}": getattr(fold, part) for name, fold in folds.items() if fold for part in "Xy"}
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _counted(sizes: dict[str, int]) -> str:
    return ", ".join(f"{n} {_(name)}" for name, n in sizes.items())


def notebook(code: str) -> bytes:
    """A script as a Jupyter notebook (.ipynb, format 4): what is said first as text, then a cell for each part."""
    head, *parts = code.split(f"\n{CELL}")
    text = head.replace('"""', "").replace("\n# ", "\n\n").strip()
    cells = [{"cell_type": "markdown", "metadata": {}, "source": text}]
    for part in parts:
        cells.append(
            {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": [], "source": f"# {part.strip()}"}
        )
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return (json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": kernel, "cells": cells}, indent=1)).encode()


# The pieces of the script


def _origin(run: Run, shape: Shape) -> list[str]:
    """Which run it is, whose trials under which licence, and who wrote the script."""
    source = lookup(sources.SOURCES, N_("source"), run.config.data.source)
    classes = ", ".join(f"{i} {name}" for i, name in enumerate(shape.class_names))
    subjects = ", ".join(run.config.data.subjects) or "everyone"
    torch_version = run.about().get("versions", {}).get("torch", "unknown")
    return [
        f"Trials: {source.title}; {subjects}; {shape.sfreq:g} Hz; channels {', '.join(shape.ch_names)}; classes "
        f"{classes}.",
        f"Licence of the trials: {source.licence} To cite: {source.cite}",
        f"The run used torch {torch_version}; another version, processor or count of threads changes the last digits.",
        "Written by EEGNets Explorer, MIT licence.",
    ]


def _device(run: Run) -> str:
    rule = SETTINGS["device"]
    device = rule.check(run.conditions().get("device", run.config.training.device))
    return "cpu" if device == "auto" else device


def _epochs(run: Run, done: int) -> str:
    """The epochs to train: all while the run goes on, else those that it did; and why."""
    asked, state = run.config.training.epochs, run.status.state
    if done == asked:
        return str(asked)
    if run.status.active:
        return f"{asked}  # when this was written, the run was {state} and had done {done}"
    return f"{done}  # {asked} were asked for, but the run was {state}"


def _comment(text: str) -> str:
    """A text as lines of comment, with nothing in it that could end a comment."""
    printable = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return textwrap.fill(printable, WIDTH, initial_indent="# ", subsequent_indent="#   ", break_on_hyphens=False)


def _layer(layer: nn.Module) -> str:
    """A layer as Python makes it: PyTorch prints its own layers like that."""
    if isinstance(layer, Maxout):
        return f"Maxout({layer.extra_repr()}, {W1}, {B1}, {W2}, {B2})"
    return f"nn.{layer}".replace("'", '"')


def _attribute(name: str, layer: nn.Module) -> str:
    if not isinstance(layer, nn.Sequential):
        return f"        self.{name} = {_layer(layer)}"
    if len(layer) == 1:
        return f"        self.{name} = nn.Sequential({_layer(layer[0])})"
    lines = [f"            {_layer(inner)}," for inner in layer]
    return "\n".join([f"        self.{name} = nn.Sequential(", *lines, "        )"])


def _passes(model: nn.Module) -> list[str]:
    """A line for each child of the network, with the shape of what leaves it; the last child reads flat features."""
    table = models.layer_table(model)
    shapes = table.groupby(table["layer"].str.split(".").str[0])["shape"].last()
    *before, last = (name for name, child in model.named_children())
    lines = [f"        out = self.{name}(out)  # (batch, {', '.join(map(str, shapes[name]))})" for name in before]
    return [*lines, f"        return self.{last}(out.flatten(1))"]


def _maxout() -> str:
    return f"{inspect.getsource(Maxout).strip()}\n\n\n"


def _settings_of(record: dict[str, Any]) -> dict[str, float]:
    return {"lr": float(record["learning_rate"]), "weight_decay": float(record["weight_decay"])}


def _options(run: Run, history: list[dict[str, Any]]) -> str:
    """What the optimiser is told at the start."""
    options = _settings_of(history[0])
    if run.config.training.optimizer == "SGD":
        options["momentum"] = run.config.training.momentum
    return ", ".join(f"{name}={value!r}" for name, value in options.items())


def _changes(history: list[dict[str, Any]]) -> dict[int, dict[str, float]]:
    """Epoch -> the settings that were changed by hand, to be used from then on."""
    settings = [_settings_of(record) for record in history]
    pairs = itertools.pairwise(settings)
    return {epoch: now for epoch, (before, now) in enumerate(pairs, start=2) if now != before}


def _changes_listed(changes: dict[int, dict[str, float]]) -> str:
    if not changes:
        return ""
    lines = [f"    {epoch}: {json.dumps(settings)}," for epoch, settings in changes.items()]
    return "\n".join(["\nCHANGES = {  # made by hand while the run trained, from these epochs on", *lines, "}"])


def _scores(held_out: tuple[str, ...]) -> list[str]:
    if "test" not in held_out:
        return []
    return [LAST, CHOSEN, BEST] if "validation" in held_out else [LAST, BEST]
