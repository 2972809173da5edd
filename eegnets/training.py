"""Fitting a network: a generator that yields one plain record at the end of every epoch."""

import contextlib
import math
import time
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from eegnets import fused, optimizers
from eegnets.config import TrainingConfig, lookup
from eegnets.devices import Card, resolve_device
from eegnets.models import apply_max_norm
from eegnets.sums import Fitted, Sums, Underway, Watch
from eegnets.translation import N_, _
from eegnets.trials import Trials

EVALUATION_BATCH = 256  # trials; bounds the memory of a pass without gradients


Logits = Callable[[nn.Module, Any], Tensor]  # of a network and a batch of trials, which may be prepared


def plain(model: nn.Module, X: Tensor) -> Tensor:
    """Logits computed layer by layer."""
    return model(X)


def as_they_are(model: nn.Module, X: Tensor) -> Tensor:
    """Trials that need no preparation."""
    return X


class Engine(NamedTuple):
    """A way to compute the logits of training batches, and what it wants to know of all trials beforehand."""

    logits: Logits
    prepare: Callable[[nn.Module, Tensor], Any]


ENGINES = {"fused": Engine(fused.logits, fused.prepare), "plain": Engine(plain, as_they_are)}


def in_bfloat16(compute: Logits) -> Logits:
    """The same logits with large products and convolutions in bfloat16, weights and result in float32 (autocast)."""

    def logits(model: nn.Module, X: Any) -> Tensor:
        with torch.autocast(next(model.parameters()).device.type, torch.bfloat16):
            out = compute(model, X)
        return out.float()

    return logits


PRECISIONS: dict[str, Callable[[Logits], Logits]] = {"float32": lambda compute: compute, "bfloat16": in_bfloat16}


@dataclass(frozen=True)
class EpochEnd:
    """What is known when an epoch ends: losses in nats per trial, accuracies in 0..1, None where there is no such fold.

    Train figures are averaged over the epoch as the network learned; the others are taken after it.
    """

    epoch: int
    train_loss: float
    train_accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    test_loss: float | None
    test_accuracy: float | None
    seconds: float
    learning_rate: float
    weight_decay: float


class Diverged(ArithmeticError):
    """The loss is no longer a number; the message says when and what to do."""


class Fold(NamedTuple):
    """Trials on a device: X float32 µV (n_trials, n_chans, n_times), maybe prepared, y int64 (n_trials,)."""

    X: Any
    y: Tensor


class State:
    """Everything that changes while a network is fitted: weights, optimiser, random streams, epochs done."""

    def __init__(self, model: nn.Module, config: TrainingConfig) -> None:
        self.device = resolve_device(config.device)
        # Channels-last convolutions give the same sums and were measured 1.3 to 1.7 times faster on the CPU.
        self.model = model.to(device=self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.engine = lookup(ENGINES, N_("engine"), config.engine)
        self.logits = lookup(PRECISIONS, N_("precision"), config.precision)(self.engine.logits)
        self._card = Card() if self.device.type == "cuda" else None
        own = config.engine == "fused" and type(model) in fused.FUSED
        self._recorded = own and self._card is not None
        self.optimizer = optimizers.build(
            self.model.parameters(),
            config,
            at_once=self._recorded or (own and fused.fits(model)),
            recorded=self._recorded,
        )
        self.order = torch.Generator().manual_seed(config.seed)
        self.epoch = 0
        with self._fork():
            torch.manual_seed(config.seed)
            self._noise = self._noise_state()

    def adjust(self, **settings: float) -> None:
        """Go on with another learning_rate or weight_decay."""
        names = {"learning_rate": "lr", "weight_decay": "weight_decay"}
        for group in self.optimizer.param_groups:
            group.update({names[name]: value for name, value in settings.items()})

    @contextlib.contextmanager
    def noise(self) -> Iterator[None]:
        """Let dropout draw from this run's own stream, whoever else draws in this process."""
        with self._fork():
            self._set_noise(self._noise)
            yield
            self._noise = self._noise_state()

    def computing(self) -> contextlib.AbstractContextManager[None]:
        """Within this block the device computes as training wants it to."""
        return self._card.used() if self._card else contextlib.nullcontext()

    def repeated(self, work: Callable[..., Any], settings: Callable[[], Hashable] = tuple) -> Callable[..., Any]:
        """The same work, faster from its second call on where the device can record it; anew with other settings."""
        return self._card.replayed(work, settings) if self._recorded else work

    def settings(self) -> tuple[Any, ...]:
        """What may change from epoch to epoch."""
        return tuple((group["lr"], group["weight_decay"]) for group in self.optimizer.param_groups)

    def _fork(self) -> contextlib.AbstractContextManager[None]:
        return torch.random.fork_rng(devices=[torch.cuda.current_device()] if self.device.type == "cuda" else [])

    def _noise_state(self) -> dict[str, Tensor]:
        states = {"cpu": torch.get_rng_state()}
        if self.device.type == "cuda":
            states["cuda"] = torch.cuda.get_rng_state()
        if self.device.type == "mps":
            states["mps"] = torch.mps.get_rng_state()
        return states

    def _set_noise(self, states: dict[str, Tensor]) -> None:
        torch.set_rng_state(states["cpu"])
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(states["cuda"])
        if self.device.type == "mps":
            torch.mps.set_rng_state(states["mps"])

    def state_dict(self) -> dict[str, Any]:
        """All of it as tensors and plain numbers, so that a run can continue bit for bit."""
        return {
            "epoch": self.epoch,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "order": self.order.get_state(),
            "noise": self._noise,
        }

    def load_state_dict(self, stored: dict[str, Any]) -> None:
        """Continue where `state_dict` was taken."""
        self.model.load_state_dict(stored["model"])
        groups = [
            group | {name: own[name] for name in ("fused", "capturable") if name in own}  # the device's, not the run's
            for group, own in zip(stored["optimizer"]["param_groups"], self.optimizer.param_groups, strict=True)
        ]
        self.optimizer.load_state_dict(stored["optimizer"] | {"param_groups": groups})
        self.order.set_state(stored["order"])
        self._noise = self._noise | stored["noise"]  # another device has a stream that is not stored
        self.epoch = stored["epoch"]


def never() -> bool:
    """Go on."""
    return False


def fit(
    model: nn.Module,
    train: Trials,
    validation: Trials | None,
    test: Trials | None,
    config: TrainingConfig,
    *,
    max_norm: bool = False,
    state: State | None = None,
    stop: Callable[[], bool] = never,
    watch: Watch | None = None,
) -> Iterator[EpochEnd]:
    """Fit a network to filled trials, yielding a record after every epoch.

    Whoever loops draws, prints or stores; to stop is to stop iterating. `stop` is asked before every batch and ends
    the generator within an epoch, which then leaves no record. `watch` is given, after every batch, what reads how far
    the epoch has come; to read it waits for the device. `state` continues an earlier fit.
    The same seed on the same processor with the same number of threads, or on the same graphics card, gives the same
    records, seconds aside.
    Raises Diverged when a loss is no longer finite, InputError for a device that is not there.
    """
    state = state or State(model, config)
    learn = to_device(train, state.device)
    learn = learn._replace(X=state.engine.prepare(state.model, learn.X))
    others = {
        name: to_device(fold, state.device) for name, fold in (("validation", validation), ("test", test)) if fold
    }
    sums = Sums.on(state.device)
    step = state.repeated(partial(_step, state, learn, max_norm, sums), state.settings)
    looks = {name: state.repeated(partial(evaluate, state.model, fold, state.logits)) for name, fold in others.items()}
    while state.epoch < config.epochs:
        started = time.perf_counter()
        with state.computing():
            with state.noise():
                through = _train_epoch(state, step, sums, len(learn.y), config.batch_size, stop, watch)
            if not through:
                return
            passes = {"train": sums.mean(len(learn.y))}
            state.model.eval()  # what is replayed does not
            passes |= {name: look().mean(len(others[name].y)) for name, look in looks.items()}
        state.epoch += 1
        yield _record(state, passes, time.perf_counter() - started)


def to_device(trials: Trials, device: torch.device) -> Fold:
    """Trials as resident tensors: they are small, and copying batches cost more than the arithmetic."""
    return Fold(torch.from_numpy(trials.X).to(device), torch.from_numpy(trials.y).to(device))


def _train_epoch(
    state: State,
    step: Callable[[Tensor], None],
    sums: Sums,
    n_trials: int,
    batch_size: int,
    stop: Callable[[], bool],
    watch: Watch | None,
) -> bool:
    """Fill the sums with those of an epoch; returns whether it was not stopped."""

    def read() -> Underway:
        return Underway(state.epoch + 1, seen, n_trials, *sums.mean(seen))

    state.model.train()
    sums.clear()
    seen = 0
    order = torch.randperm(n_trials, generator=state.order).to(state.device)
    for batch in order.split(batch_size):
        if stop():
            return False
        step(batch)
        seen += len(batch)
        if watch:
            watch(read)
    return True


def _step(state: State, fold: Fold, max_norm: bool, sums: Sums, batch: Tensor) -> None:
    X, y = fold.X[batch], fold.y[batch]
    state.optimizer.zero_grad()
    logits = state.logits(state.model, X)
    loss = functional.cross_entropy(logits, y)
    loss.backward()
    state.optimizer.step()
    if max_norm:
        apply_max_norm(state.model)
    sums.add(loss.detach() * len(y), logits.detach(), y)


@torch.inference_mode()
def evaluate(model: nn.Module, fold: Fold, compute: Logits = plain) -> Sums:
    """One pass in evaluation mode, without gradients."""
    model.eval()
    sums = Sums.on(fold.X.device)
    for X, y in zip(fold.X.split(EVALUATION_BATCH), fold.y.split(EVALUATION_BATCH), strict=True):
        logits = compute(model, X)
        sums.add(functional.cross_entropy(logits, y, reduction="sum"), logits, y)
    return sums


def _record(state: State, passes: dict[str, Fitted], seconds: float) -> EpochEnd:
    group = state.optimizer.param_groups[0]
    figures = {f"{fold}_{name}": None for fold in ("train", "validation", "test") for name in Fitted._fields}
    for fold, fitted in passes.items():
        if not math.isfinite(fitted.loss):
            raise Diverged(_diverged(state.epoch, fold, group["lr"]))
        figures |= {f"{fold}_loss": fitted.loss, f"{fold}_accuracy": fitted.accuracy}
    return EpochEnd(
        epoch=state.epoch,
        seconds=seconds,
        learning_rate=group["lr"],
        weight_decay=group["weight_decay"],
        **figures,  # type: ignore[arg-type]
    )


def _diverged(epoch: int, fold: str, learning_rate: float) -> str:
    return _(
        "Training diverged in epoch {epoch}: the {fold} loss is no longer a finite number. The steps are too large for "
        "this network; try a learning rate of {lower:g} instead of {rate:g}.",
        epoch=epoch,
        fold=_(fold),
        lower=learning_rate / 10,
        rate=learning_rate,
    )
