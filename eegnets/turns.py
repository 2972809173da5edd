"""Whose turn it is: fair between owners, and about when each waiting run will begin."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush


@dataclass(frozen=True)
class Ticket:
    """A run that waits: whose it is, and since when (s)."""

    run_id: str
    owner: str
    since: float


def in_turn(waiting: Iterable[Ticket], running: Iterable[str], served: Mapping[str, int]) -> list[Ticket]:
    """The waiting runs in the order in which they will begin.

    Whoever has the fewest runs at work or before this one comes first; among equals, whoever was served longest ago
    (`served`: owner -> number of the turn in which a run of theirs last began), then whoever waits longest.
    `running`: the owner of each run at work.
    """
    before = Counter(running)
    keyed = []
    for ticket in sorted(waiting, key=lambda ticket: (ticket.since, ticket.run_id)):
        keyed.append((before[ticket.owner], served.get(ticket.owner, -1), ticket.since, ticket.run_id, ticket))
        before[ticket.owner] += 1
    return [ticket for *_, ticket in sorted(keyed, key=lambda key: key[:-1])]


def expected_starts(left: Sequence[float], lengths: Sequence[float], slots: int) -> list[float]:
    """Seconds until each waiting run begins, if all goes as before.

    `left`: seconds that each run at work still needs; `lengths`: seconds that each waiting run will take, in turn.
    """
    free_at = [*sorted(left), *[0.0] * (slots - len(left))]
    heapify(free_at)
    starts = []
    for length in lengths:
        starts.append(heappop(free_at))
        heappush(free_at, starts[-1] + length)
    return starts
