"""Seconds per epoch, training and test: the usual loop, the plain engine and the fused one, turn by turn.

From the project's root:

    python -m benchmarks.epoch_speed [--threads 1,2] [--rounds 5] [--trials 1080] [--channels 2] [--batch-size 64]

The usual loop is PyTorch's textbook one: a DataLoader, contiguous tensors, eager layers, `.item()` for each batch. The
contenders take turns, epoch by epoch, so that whatever else the machine does meets all alike; each is given by its
median, with the ratio to the usual loop. The last lines tell how near a training step comes to the machine's own rate:
its arithmetic divided by its time, beside a product of two large matrices.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from eegnets.config import TrainingConfig
from eegnets.models import MODELS, build, layer_table
from eegnets.training import ENGINES, State, fit
from eegnets.trials import Trials

N_TIMES, SIDE = 750, 1024  # 6 s at 125 Hz; the side of the matrices that show the machine's rate


def noise(n_trials: int, n_chans: int) -> Trials:
    """Trials without meaning: what they hold does not change how long they take."""
    rng = np.random.default_rng(0)
    return Trials(
        X=rng.standard_normal((n_trials, n_chans, N_TIMES)).astype(np.float32),
        y=np.arange(n_trials) % 2,
        split=np.full(n_trials, "train"),
        subject=np.full(n_trials, "A"),
        number=np.arange(n_trials),
        sfreq=125.0,
        ch_names=tuple(f"channel {i}" for i in range(n_chans)),
        class_names=("left hand", "right hand"),
        windows={},
    )


def usual(model: nn.Module, trials: Trials, batch_size: int) -> Iterator[None]:
    """The textbook's loop, an epoch of training and one of testing a turn."""
    data = TensorDataset(torch.from_numpy(trials.X), torch.from_numpy(trials.y))
    train, test = DataLoader(data, batch_size, shuffle=True), DataLoader(data, batch_size)
    optimizer = torch.optim.Adam(model.parameters(), weight_decay=0.01)
    while True:
        model.train()
        sum(_usual_step(model, optimizer, X, y) for X, y in train)
        model.eval()
        with torch.no_grad():
            sum(functional.cross_entropy(model(X), y).item() for X, y in test)
        yield


def _usual_step(model: nn.Module, optimizer: torch.optim.Optimizer, X: torch.Tensor, y: torch.Tensor) -> float:
    optimizer.zero_grad()
    loss = functional.cross_entropy(model(X), y)
    loss.backward()
    optimizer.step()
    return loss.item()


def contenders(name: str, trials: Trials, batch_size: int) -> dict[str, Iterator[object]]:
    """The loops, each with a network of its own; each turn of one is an epoch."""

    def new() -> nn.Module:
        return build(name, n_chans=trials.n_chans, n_times=trials.n_times, n_outputs=2)

    loops: dict[str, Iterator[object]] = {"usual loop": usual(new(), trials, batch_size)}
    for engine in ("plain", "fused"):
        config = TrainingConfig(batch_size=batch_size, epochs=10_000, device="cpu", engine=engine)
        loops[engine] = fit(new(), trials, None, trials, config)
    return loops


def in_turns(turns: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of each, after one turn that does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in turns}
    for _ in range(rounds + 1):
        for name, turn in turns.items():
            started = time.perf_counter()
            turn()
            seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(times[1:]) for name, times in seconds.items()}


def epochs(name: str, trials: Trials, batch_size: int, rounds: int) -> dict[str, float]:
    """Seconds per epoch of every contender."""
    loops = contenders(name, trials, batch_size)
    return in_turns({who: lambda loop=loop: next(loop) for who, loop in loops.items()}, rounds)


def rates(name: str, trials: Trials, batch_size: int, rounds: int) -> dict[str, float]:
    """GFLOP/s of a training step, by engine, and of a product of two matrices of SIDE × SIDE.

    A step counts as the plain network's arithmetic, whoever does it in less: two operations a multiplication, thrice
    (forward, to the weights, to the input), but for the layers on the trial itself, whose input needs no gradient.
    """
    X, y = torch.from_numpy(trials.X[:batch_size]), torch.from_numpy(trials.y[:batch_size])
    model = build(name, n_chans=trials.n_chans, n_times=trials.n_times, n_outputs=2)
    state = State(model, TrainingConfig(device="cpu"))
    table = layer_table(model)
    work = 2 * len(X) * (3 * table["multiplications"].sum() - table["multiplications"].iloc[0])
    matrix = torch.randn(SIDE, SIDE)
    turns: dict[str, Callable[[], object]] = {"matrices": lambda: matrix @ matrix}
    for engine, compute in ENGINES.items():
        turns[engine] = lambda compute=compute: functional.cross_entropy(compute(state.model.train(), X), y).backward()
    operations = {"matrices": 2 * SIDE**3}
    return {who: operations.get(who, work) / s / 1e9 for who, s in in_turns(turns, 3 * rounds).items()}


def main() -> int:
    """Print both tables."""
    parser = argparse.ArgumentParser(description="Seconds per epoch of the usual loop and of both engines.")
    parser.add_argument("--threads", default="1,2", help="numbers of threads, with commas between")
    for flag, default in (("rounds", 5), ("trials", 1080), ("channels", 2), ("batch-size", 64)):
        parser.add_argument(f"--{flag}", type=int, default=default)
    asked = parser.parse_args()
    trials = noise(asked.trials, asked.channels)
    speed, rate = {}, {}
    for threads in map(int, asked.threads.split(",")):
        torch.set_num_threads(threads)
        for name in MODELS:
            speed[name, threads] = epochs(name, trials, asked.batch_size, asked.rounds)
            rate[name, threads] = rates(name, trials, asked.batch_size, asked.rounds)
    table = pd.DataFrame(speed).T.rename_axis(["network", "threads"])
    ratios = table.rdiv(table["usual loop"], axis=0).drop(columns="usual loop").add_suffix(" ×")
    print("seconds per epoch, training and test; × how much faster than the usual loop")
    print(table.join(ratios).round(2).to_string())
    print("\nGFLOP/s of a training step, and of a product of two matrices")
    print(pd.DataFrame(rate).T.rename_axis(["network", "threads"]).round(1).to_string())
    return 0


if __name__ == "__main__":
    sys.exit(main())
