"""What is recorded of a device's work, on a graphics card that is only played: by shape, anew for other settings."""

from contextlib import contextmanager

import pytest
import torch

from eegnets.config import InputError, TrainingConfig
from eegnets.devices import Replayed
from eegnets.models import build
from eegnets.training import State


class Played:
    """A graph that repeats the last call made while it was recorded."""

    recording = None

    def replay(self):
        self.call()


@pytest.fixture(autouse=True)
def _card(monkeypatch):
    @contextmanager
    def graph(played, *, pool, stream):
        Played.recording = played
        try:
            yield
        finally:
            Played.recording = None

    monkeypatch.setattr("torch.cuda.CUDAGraph", Played)
    monkeypatch.setattr("torch.cuda.graph", graph)
    monkeypatch.setattr("torch.cuda.current_stream", lambda: None)


class Doubling:
    """Work whose result lies at one place; it counts its calls, and computes nothing while it is recorded."""

    def __init__(self):
        self.calls, self.rate = 0, 1.0

    def __call__(self, X):
        self.calls += 1
        out, rate = torch.zeros_like(X), self.rate

        def compute():
            out.copy_(2 * rate * X)

        if Played.recording:
            Played.recording.call = compute
        else:
            compute()
        return out


def test_every_later_call_of_a_shape_is_replayed_on_what_is_given():
    work = Doubling()
    replayed = Replayed(work, None, tuple)
    for value in (1.0, 2.0, 3.0):
        assert replayed(torch.full((4,), value)).tolist() == [2 * value] * 4
    assert work.calls == 2  # once as it comes, once to be recorded
    assert replayed(torch.ones(3)).tolist() == [2.0] * 3
    assert work.calls == 4
    assert replayed(torch.full((4,), 5.0)).tolist() == [10.0] * 4
    assert work.calls == 4


def test_with_other_settings_it_is_recorded_anew():
    work = Doubling()
    replayed = Replayed(work, None, lambda: work.rate)
    for rate in (1.0, 1.0, 0.5, 0.5, 1.0):
        work.rate = rate
        assert replayed(torch.ones(2)).tolist() == [2 * rate] * 2
    assert work.calls == 6


def test_what_cannot_be_recorded_is_told_with_the_repair():
    def work():
        if Played.recording:
            raise RuntimeError("operation not permitted when stream is capturing\nand a long explanation")

    with pytest.raises(
        InputError, match=r"\(operation not permitted when stream is capturing\)\. Choose the engine plain"
    ):
        Replayed(work, None, tuple)()


@pytest.mark.parametrize("optimizer", ["Adam", "AdamW", "SGD", "RMSprop"])
def test_a_state_that_a_graphics_card_left_goes_on_here(optimizer):
    def new():
        with torch.random.fork_rng():
            torch.manual_seed(0)
            return State(build("EEGNet", n_chans=2, n_times=128, n_outputs=2), config)

    def ways(state):
        return [(group.get("fused"), group.get("capturable")) for group in state.optimizer.param_groups]

    config = TrainingConfig(device="cpu", optimizer=optimizer)
    own, again = new(), new()
    stored = own.state_dict()
    for group in stored["optimizer"]["param_groups"]:
        group |= {name: value for name, value in {"capturable": True, "fused": None}.items() if name in group}
    again.load_state_dict(stored | {"noise": stored["noise"] | {"cuda": torch.zeros(16, dtype=torch.uint8)}})
    assert ways(again) == ways(own)
    draws = []
    for state in (own, again):
        with state.noise():
            draws.append(torch.rand(3))
    assert torch.equal(*draws)
