"""Random numbers of PyTorch that begin at a seed, though several sessions may ask for some at once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_stream = threading.Lock()  # PyTorch has one for all threads


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """PyTorch's random stream begins at `seed` within the block and is put back behind it; one thread at a time."""
    with _stream, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
