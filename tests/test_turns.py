"""Turns are fair: nobody waits for all of somebody else's runs."""

from collections import Counter

import pytest

from eegnets.turns import Ticket, expected_starts, in_turn


def tickets(owners):
    return [Ticket(f"{i:03}", owner, float(i)) for i, owner in enumerate(owners)]


def order_of_beginning(waiting, slots=1):
    """Who begins when, if every run takes as long as any other."""
    begun, running, served = [], [], {}
    while waiting:
        chosen = in_turn(waiting, running, served)[0]
        waiting = [ticket for ticket in waiting if ticket is not chosen]
        begun.append(chosen)
        served[chosen.owner] = len(begun)
        running = [*running, chosen.owner][-slots + 1 :] if slots > 1 else []
    return begun


def test_one_owner_is_served_in_the_order_of_coming():
    waiting = tickets("aaaa")
    assert in_turn(reversed(waiting), [], {}) == waiting


@pytest.mark.parametrize("slots", [1, 2, 3])
@pytest.mark.parametrize("owners", ["a" * 20 + "b" * 5 + "c" * 5, "abc" * 10, "b" + "a" * 29, "aabbccddee" * 5])
def test_at_any_moment_two_who_wait_have_had_as_many_turns(owners, slots):
    begun, left = Counter(), Counter(owners)
    for ticket in order_of_beginning(tickets(owners), slots):
        begun[ticket.owner] += 1
        left[ticket.owner] -= 1
        still = [begun[owner] for owner in left if left[owner]]
        assert not still or max(still) - min(still) <= 1


def test_who_comes_late_with_one_run_does_not_wait_for_fifty():
    waiting = [*tickets("a" * 50), Ticket("late", "b", 1000.0)]
    assert in_turn(waiting, [], {"a": 7})[0].run_id == "late"
    assert in_turn(waiting, ["a"], {"a": 7})[0].run_id == "late"


def test_who_has_a_run_at_work_lets_others_go_first():
    assert [ticket.owner for ticket in in_turn(tickets("aab"), ["a"], {})] == ["b", "a", "a"]


def test_the_line_shown_is_the_line_that_is_kept():
    waiting = tickets("aaabbc")
    assert in_turn(waiting, [], {}) == order_of_beginning(waiting)


def test_runs_begin_when_the_first_worker_is_free():
    assert expected_starts([5.0, 1.0], [10.0, 3.0, 1.0], slots=2) == [1.0, 5.0, 8.0]
    assert expected_starts([], [2.0, 2.0, 2.0], slots=2) == [0.0, 0.0, 2.0]
    assert expected_starts([4.0], [], slots=1) == []
