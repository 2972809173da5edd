"""What this machine can compute on, and how training uses a graphics card.

A training step of these networks is some hundred small kernels, which a card computes sooner than they are launched one
by one. So their launches are recorded at the first step, and replayed as a whole at every later one.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor

from eegnets.config import InputError
from eegnets.translation import _


def available_devices() -> list[str]:
    """What this machine can compute on, best first."""
    found = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    return [name for name, there in found.items() if there]


def resolve_device(name: str) -> torch.device:
    """The device for a setting; raises InputError for one that is not on this machine."""
    there = available_devices()
    if name == "auto":
        return torch.device(there[0])
    if name not in there:
        raise InputError(
            _(
                "device {name!r} is not on this machine; it has {there}. Choose auto or cpu.",
                name=name,
                there=", ".join(there),
            )
        )
    return torch.device(name)


class Recording(NamedTuple):
    """A graph of kernels, the tensors that it reads, and those that hold its result after a replay."""

    graph: torch.cuda.CUDAGraph
    given: tuple[Tensor, ...]
    result: Any


class Replayed:
    """A function of tensors on a graphics card, whose kernels hang on nothing but their shapes and on `settings`.

    Whatever else it reads and writes must stay where it was at the first call; its result holds until the next call of
    any function of the same pool.
    The numbers are those of the function itself, dropout's draws included. `pool`: of memory, which functions that
    never run at once may share (`torch.cuda.graph_pool_handle`).
    """

    def __init__(self, work: Callable[..., Any], pool: Any, settings: Callable[[], Hashable]) -> None:
        self._work, self._pool, self._settings = work, pool, settings
        self._recorded: dict[tuple[torch.Size, ...], Recording] = {}
        self._recorded_with = settings()

    def __call__(self, *given: Tensor) -> Any:
        """The result for these tensors; on a stream of its own, as what is recorded must be."""
        if self._settings() != self._recorded_with:
            self._recorded, self._recorded_with = {}, self._settings()
        shapes = tuple(X.shape for X in given)
        if shapes not in self._recorded:
            result = self._work(*given)  # makes ready what a first call alone does: libraries, the optimiser's memory
            self._recorded[shapes] = self._record(given)
            return result
        graph, places, result = self._recorded[shapes]
        for place, X in zip(places, given, strict=True):
            place.copy_(X)
        graph.replay()
        return result

    def _record(self, given: tuple[Tensor, ...]) -> Recording:
        """What the work would launch; nothing is computed. Raises InputError where it cannot be recorded."""
        places, graph = tuple(X.clone() for X in given), torch.cuda.CUDAGraph()
        try:
            with torch.cuda.graph(graph, pool=self._pool, stream=torch.cuda.current_stream()):
                result = self._work(*places)
        except RuntimeError as error:
            why, *_more = str(error).splitlines()
            raise InputError(
                _(
                    "the graphics card cannot record the steps of this network ({why}). Choose the engine plain, or "
                    "the device cpu.",
                    why=why,
                )
            ) from error
        return Recording(graph, places, result)


class Card:
    """How training uses a graphics card: on a stream of its own, which can be recorded, and always to the same numbers.

    Convolutions in float32 keep all its digits, where PyTorch by itself lets them have 10 of 23 (TF32), and sum in an
    order that is the same each time.
    """

    def __init__(self) -> None:
        self._stream, self._pool = torch.cuda.Stream(), torch.cuda.graph_pool_handle()

    @contextmanager
    def used(self) -> Iterator[None]:
        """What is launched within this block runs on the card's stream, after all that was launched before it."""
        outside = torch.cuda.current_stream()
        self._stream.wait_stream(outside)
        exact = torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False)
        try:
            with exact, torch.cuda.stream(self._stream):
                yield
        finally:
            outside.wait_stream(self._stream)

    def replayed(self, work: Callable[..., Any], settings: Callable[[], Hashable]) -> Replayed:
        """The same work, recorded; whatever was recorded for one card shares its memory."""
        return Replayed(work, self._pool, settings)
