"""Seconds per epoch, training and test, of several ways to train that take turns: ratios are then fair.

The usual loop is PyTorch's textbook one: a DataLoader, contiguous tensors, eager layers, `.item()` for each batch.
"""

import math
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from eegnets.bench_results import USUAL, Case
from eegnets.config import TrainingConfig
from eegnets.devices import resolve_device
from eegnets.models import build
from eegnets.training import fit
from eegnets.trials import Folds, Trials, split

Who = TypeVar("Who", bound=Hashable)
ENDLESS = 10_000  # epochs, the most that a config allows: whoever measures stops


def noise(n_trials: int, n_chans: int = 2, n_times: int = 750) -> Folds:
    """As many training and test trials without meaning: what they hold does not change how long they take."""
    rng = np.random.default_rng(0)
    trials = Trials(
        X=rng.standard_normal((n_trials, n_chans, n_times)).astype(np.float32),
        y=np.arange(n_trials) % 2,
        split=np.full(n_trials, "train"),
        subject=np.full(n_trials, "A"),
        number=np.arange(n_trials),
        sfreq=125.0,
        ch_names=tuple(f"channel {i}" for i in range(n_chans)),
        class_names=("left hand", "right hand"),
    )
    return Folds(trials, None, trials)


def folds(trials: Trials, most: int | None = None) -> Folds:
    """At most `most` training and as many test trials of those given (None: all), filled; no validation trials."""
    train, _, test = split(trials, 0.0, 0)
    return Folds(*(fold and fold.take(np.arange(len(fold))[:most]) for fold in (train, None, test)))


class Turn(NamedTuple, Generic[Who]):
    """One turn of one of them; round 0 warms up and does not count."""

    who: Who
    round: int
    seconds: float


def turns(
    takers: Mapping[Who, Callable[[], object]],
    rounds: int,
    seconds: float = math.inf,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[Turn[Who]]:
    """Let everyone do it once in each round, so that whatever else the machine does meets all alike.

    No round is begun that would end later than `seconds` if it took as long as the last, but one always counts.
    """
    began, last = clock(), 0.0
    for number in range(rounds + 1):
        if number > 1 and clock() - began + last > seconds:
            return
        round_began = clock()
        for who, act in takers.items():
            started = clock()
            act()
            yield Turn(who, number, clock() - started)
        last = clock() - round_began


def measure(cases: Sequence[Case], folds: Folds, rounds: int = 5, **limits: Any) -> Iterator[dict[str, Any]]:
    """Let the cases take turns, an epoch each; yields a plain record after every turn: to stop is to stop iterating.

    limits: as `turns` has them. Raises InputError for a device that is not on this machine.
    """
    before = torch.get_num_threads()
    takers = {case: _epoch(case, folds) for case in cases}
    try:
        for done, turn in enumerate(turns(takers, rounds, **limits), 1):
            record = {"kind": "epoch"} | asdict(turn.who) | {"round": turn.round, "seconds": turn.seconds}
            yield record | {"done": done, "of": (rounds + 1) * len(cases)}
    finally:
        torch.set_num_threads(before)


def _epoch(case: Case, folds: Folds) -> Callable[[], object]:
    """What does an epoch of a case each time it is called."""
    resolve_device(case.device)
    loop = usual(case, folds) if case.engine == USUAL else _fitted(case, folds)

    def act() -> None:
        torch.set_num_threads(case.threads)
        next(loop)

    return act


def _new(case: Case, folds: Folds, activation: str = "ELU") -> nn.Module:
    sizes = {"n_chans": folds.train.n_chans, "n_times": folds.train.n_times, "n_outputs": len(folds.train.class_names)}
    return build(case.model, activation=activation, **sizes)


def _fitted(case: Case, folds: Folds) -> Iterator[object]:
    """This program's own training, an epoch a turn."""
    settings = {name: getattr(case, name) for name in ("engine", "precision", "device", "batch_size")}
    return fit(_new(case, folds), *folds, TrainingConfig(epochs=ENDLESS, **settings))


def usual(case: Case, folds: Folds, activation: str = "ELU") -> Iterator[None]:
    """The textbook's loop, an epoch of training and one of testing a turn."""
    device = resolve_device(case.device)
    model = _new(case, folds, activation).to(device)
    train, test = _loader(folds.train, case, shuffle=True), _loader(folds.test, case, shuffle=False)
    optimizer = torch.optim.Adam(model.parameters(), weight_decay=0.01)
    while True:
        model.train()
        sum(_usual_step(model, optimizer, X.to(device), y.to(device)) for X, y in train)
        model.eval()
        with torch.no_grad():
            sum(functional.cross_entropy(model(X.to(device)), y.to(device)).item() for X, y in test)
        yield


def _loader(fold: Trials | None, case: Case, shuffle: bool) -> Iterable[Sequence[torch.Tensor]]:
    if fold is None:
        return ()
    data = TensorDataset(torch.from_numpy(fold.X), torch.from_numpy(fold.y))
    return DataLoader(data, case.batch_size, shuffle=shuffle)


def _usual_step(model: nn.Module, optimizer: torch.optim.Optimizer, X: torch.Tensor, y: torch.Tensor) -> float:
    optimizer.zero_grad()
    loss = functional.cross_entropy(model(X), y)
    loss.backward()
    optimizer.step()
    return loss.item()
