"""What the runs of a lesson say to its question, in sentences that are computed from what was measured."""

from collections.abc import Callable, Sequence
from math import isnan
from typing import Any

import numpy as np
import pandas as pd

from eegnets.comparison import plain, settings_of
from eegnets.config import SETTINGS
from eegnets.evaluation import wilson_interval
from eegnets.lessons import LESSONS, Lesson
from eegnets.outcome import Outcome
from eegnets.race import SEEDS_ALONE, Racer, Verdict, against
from eegnets.scores import summary
from eegnets.statistics import flattery, flattery_words, mean_interval, paired_difference
from eegnets.translation import N_, _, retold

ONE_SEED = N_("One seed cannot tell a difference from luck.")

GUESSING = {
    "within": N_("At {values} the answers cannot be told from guessing."),
    "below": N_("At {values} fewer answers are correct than if always the most frequent class were answered."),
}


def conclusion(name: str, outcomes: Sequence[Outcome]) -> list[str]:
    """What the runs say to the question of one of LESSONS; first of all which of them did not end as they should.

    A run that failed is told and not compared; of a run that was stopped the epochs count that all others have too.
    """
    lesson = LESSONS[name]
    told = [_ended(lesson, run) for run in outcomes if run.state != "finished"]
    if not told:
        every = _("All {n} runs reached their last epoch.", n=len(outcomes))
        told = [every if len(outcomes) > 1 else _("The run ended well.")]
    usable = [run for run in outcomes if run.history and run.state != "failed"]
    if not usable:
        return [*told, _("No run is left to compare, so there is no answer. Start the experiment again.")]
    for value in lesson.values:
        if not any(_value(lesson, run) == value for run in usable):
            which = {"setting": lesson.words, "value": plain(value)}
            told.append(_("With {setting} {value} there is no run to compare.", **which))
    return told + ANSWERS[name](usable)


def _value(lesson: Lesson, outcome: Outcome) -> Any:
    return settings_of(outcome.config)[SETTINGS[lesson.varied].key]


def _ended(lesson: Lesson, outcome: Outcome) -> str:
    end = {"seed": outcome.seed, "state": _(outcome.state), "n": len(outcome.history)}
    if lesson.varied:
        which = {"setting": lesson.words, "value": plain(_value(lesson, outcome))}
        how = _("Run with {setting} {value}, seed {seed}: {state} after epoch {n}.", **which, **end)
    else:
        how = _("Run with seed {seed}: {state} after epoch {n}.", **end)
    return f"{how} {retold(outcome.message)}".strip()


def _of_bends(outcomes: Sequence[Outcome]) -> list[str]:
    """Where the gradient ends, and whether that made a difference to the score."""
    racers = [Racer(run.config.model.activation, run.seed, run.history, run.readings) for run in outcomes]
    sentences = Verdict(racers, outcomes[0].n_test).sentences()
    told = [sentences[0], sentences[-1]] if all(racer.readings for racer in racers) else sentences[-1:]
    groups = _groups(outcomes, lambda run: run.config.model.activation)
    return [*_in_short(groups, _common(outcomes), "ReLU"), *told, *_rising(outcomes)]


def _of_slope(outcomes: Sequence[Outcome]) -> list[str]:
    """What each slope below zero is worth, against the smallest, and which network does no better than guessing."""
    groups, last = _groups(outcomes, lambda run: run.config.model.negative_slope), _common(outcomes)
    told = [*_in_short(groups, last), _scores(groups, last), *_guessing(groups, last)]
    return [*told, *_rising(outcomes), _doubt(groups)]


def _of_decay(outcomes: Sequence[Outcome]) -> list[str]:
    """Length of the weights, how far training runs ahead of the test, and the score, against no weight decay."""
    groups, last = _groups(outcomes, lambda run: run.config.training.weight_decay), _common(outcomes)
    return [
        *_in_short(groups, last),
        _compared(N_("Length of all weights together (L2 norm)"), groups, last, Outcome.length, N_("in length")),
        _compared(
            N_("Accuracy on the training trials less that on the test trials (points)"),
            groups,
            last,
            Outcome.ahead,
            "points",
        ),
        _("A network is scored on its training trials while it learns, with dropout: in truth it is further ahead."),
        _scores(groups, last),
        *_rising(outcomes),
        _doubt(groups),
    ]


def _of_rate(outcomes: Sequence[Outcome]) -> list[str]:
    """How far the loss came, how restless the score was, and where it ended, against the smallest learning rate."""
    groups, last = _groups(outcomes, lambda run: run.config.training.learning_rate), _common(outcomes)
    sentences = [
        _compared(N_("Loss on the training trials (nats)"), groups, last, Outcome.train_loss, N_("nats")),
        _compared(
            N_("Jump of test accuracy from epoch to epoch, mean (points)"), groups, last, Outcome.jumps, "points"
        ),
        _scores(groups, last),
    ]
    return [*_in_short(groups, last), *sentences, *_guessing(groups, last), *_rising(outcomes), _doubt(groups)]


def _of_flattery(outcomes: Sequence[Outcome]) -> list[str]:
    """How far the best test epoch lies above the two honest scores, beside what the number of trials leaves open."""
    found = [{"id": i, **_three(run)} for i, run in enumerate(outcomes)]
    gaps = flattery(pd.DataFrame(found))
    if gaps.empty:
        return [_("These data have no test trials, so no epoch could be chosen by them.")]
    certain = _(
        "It can never lie below the last epoch: whoever takes the highest cannot lose, and wins more the more epochs "
        "there are to choose from. Here were {n}; the lab report trained up to 500.",
        n=max(len(run.history) for run in outcomes),
    )
    sentences = [flattery_words(gaps), certain]
    honest = [run["last"] for run in found if run["last"] is not None]
    n = outcomes[0].n_test
    if n:
        low, high = wilson_interval(round(float(np.mean(honest)) * n), n)
        sentences.append(
            _(
                "For comparison: {n} test trials leave any single accuracy open by ±{reach:.1f} points.",
                n=n,
                reach=50 * (high - low),
            )
        )
    return [*sentences, *([_(ONE_SEED)] if len(outcomes) < 2 else [])]


def _of_first_layer(outcomes: Sequence[Outcome]) -> list[str]:
    """How much more of what the first layer hears lies where imagery shows, after training."""
    known = {run.seed: run.within for run in outcomes if run.within is not None}
    if not known:
        return [_("No trained network is left to look into: start the experiment again.")]
    before = mean_interval([shares[0] for shares in known.values()]).mean
    after = mean_interval([shares[1] for shares in known.values()]).mean
    found = paired_difference(
        {seed: shares[1] for seed, shares in known.items()}, {seed: shares[0] for seed, shares in known.items()}
    )
    sentence = _(
        "Of the EEG that the first layer's kernels let through, {before:.0%} lay between 8 and 30 Hz before training "
        "and {after:.0%} after it: {difference}.",
        before=before,
        after=after,
        difference=against(found, "points", 100),
    )
    risen = sum(shares[1] > shares[0] for shares in known.values())
    many = _("It rose in {n} of {all} networks.", n=risen, all=len(known))
    return [sentence, many, *([_(ONE_SEED)] if len(known) < 2 else [])]


def _of_people(outcomes: Sequence[Outcome]) -> list[str]:
    """How often each person's test trials are answered right, by whom a network learned from."""
    tested = [run for run in outcomes if run.by_person]
    if not tested:
        return [_("No trained network is left to look into: start the experiment again.")]
    groups = dict(sorted(_groups(tested, lambda run: run.config.data.subjects).items(), key=lambda one: len(one[0])))
    both = _("A network of both sees twice as many trials in each epoch, and takes twice as many steps.")
    people = [_of_person(who, groups) for who in tested[0].by_person]
    return [*people, both, *_rising(outcomes), _doubt(groups)]


def _of_person(who: str, groups: "Groups") -> str:
    """The figures on one person's trials, and their differences from those of the networks that learned from them."""
    scores = {value: {seed: run.by_person[who] for seed, run in runs.items()} for value, runs in groups.items()}
    means = {plain(value): float(np.mean(list(found.values()))) for value, found in scores.items()}
    told = _(", ").join(_("{mean:.1%} by networks of {people}", mean=mean, people=one) for one, mean in means.items())
    own = scores.pop((who,), {})
    pairs = {plain(value): paired_difference(found, own) for value, found in scores.items()}
    parts = [
        _("those of {people}: {difference}", people=one, difference=against(found, "points", 100))
        for one, found in pairs.items()
        if found.n
    ]
    words = _("**On the test trials of {who}**: {told}.", who=who, told=told)
    if not parts:
        return words
    return words + " " + _("Against those of {who}: {differences}.", who=who, differences=_("; ").join(parts))


Groups = dict[Any, dict[int, Outcome]]  # value of the varied setting, ascending -> seed -> outcome


def _groups(outcomes: Sequence[Outcome], key: Callable[[Outcome], Any]) -> Groups:
    found: Groups = {value: {} for value in sorted({key(run) for run in outcomes})}
    for run in outcomes:
        found[key(run)][run.seed] = run
    return found


def _compared(what: str, groups: Groups, last: int, measure: Callable[[Outcome, int], float], unit: str) -> str:
    """A figure of every group after epoch `last`, and its difference from the first group's, paired by seed.

    `what` and `unit` are marked for translation. Figures in "points" are shares (0..1), shown as per cent.
    """
    scale, form = (100, ".1f") if unit == "points" else (1, ".3f")
    figures = {value: {seed: measure(run, last) for seed, run in runs.items()} for value, runs in groups.items()}
    if any(isnan(figure) for found in figures.values() for figure in found.values()):
        return _("**{what}**: not measured here.", what=_(what))
    means = {value: f"{scale * np.mean(list(one.values())):{form}}" for value, one in figures.items()}
    told = _(", ").join(_("{figure} with {value:g}", figure=mean, value=value) for value, mean in means.items())
    (first, lowest), *others = figures.items()
    found = {value: paired_difference(figure, lowest) for value, figure in others}
    parts = [
        _("with {value:g}: {difference}", value=value, difference=against(one, unit, scale))
        for value, one in found.items()
        if one.n
    ]
    if not parts:
        return _("**{what}** after epoch {n}: {told}.", what=_(what), n=last, told=told)
    return _(
        "**{what}** after epoch {n}: {told}. Against {first:g}: {differences}.",
        what=_(what),
        n=last,
        told=told,
        first=first,
        differences=_("; ").join(parts),
    )


def _scores(groups: Groups, last: int) -> str:
    return _compared(N_("Test accuracy (per cent)"), groups, last, Outcome.test_accuracy, N_("points"))


def _in_short(groups: Groups, last: int, first: Any = None) -> list[str]:
    """Which values answered better and which worse than the first, in a sentence; none where there are no two."""
    scores = {value: {seed: run.test_accuracy(last) for seed, run in runs.items()} for value, runs in groups.items()}
    first = next(iter(scores)) if first is None else first
    known = not any(isnan(score) for found in scores.values() for score in found.values())
    if not known or first not in scores or len(scores) < 2:
        return []
    usual = scores.pop(first)
    found = {plain(value): paired_difference(figures, usual) for value, figures in scores.items()}
    better = [name for name, one in found.items() if one.low > 0]
    worse = [name for name, one in found.items() if one.high < 0]
    rest = [name for name in found if name not in (*better, *worse)]
    said = {N_("{values} better"): better, N_("{values} worse"): worse, N_("of {values} it cannot be told"): rest}
    parts = [_(words, values=_(" and ").join(names)) for words, names in said.items() if names]
    return [
        _("**In short**, on the test trials against {first}: {parts}.", first=plain(first), parts=_("; ").join(parts))
    ]


def _rising(outcomes: Sequence[Outcome]) -> list[str]:
    """A sentence where most runs had not come to their end yet."""
    best = [(summary(list(run.history))["best_test"], len(run.history)) for run in outcomes]
    n = sum(record is not None and record["epoch"] >= epochs - 1 for record, epochs in best)
    if 2 * n <= len(best):
        return []
    return [
        _(
            "{n} of {all} runs were at their best in one of their last two epochs: they were still learning, so this "
            "tells how fast they learn rather than how far they come.",
            n=n,
            all=len(best),
        )
    ]


def _doubt(groups: Groups) -> str:
    seeds = len(set().union(*groups.values()))
    return _(SEEDS_ALONE, n=seeds) if seeds > 1 else _(ONE_SEED)


def _common(outcomes: Sequence[Outcome]) -> int:
    return min(len(run.history) for run in outcomes)


def _against_guessing(runs: Sequence[Outcome], last: int) -> str:
    """Whether the interval of the runs' mean accuracy, by the number of test trials, holds guessing or lies below it.

    One of the words of GUESSING; "" where it lies above, or is not known.
    """
    n = runs[0].n_test
    score = float(np.mean([run.test_accuracy(last) for run in runs]))
    if isnan(score) or not n:
        return ""
    low, high = wilson_interval(round(score * n), n)
    if low > runs[0].guessing:
        return ""
    return "within" if runs[0].guessing <= high else "below"


def _guessing(groups: Groups, last: int) -> list[str]:
    """Of which values of the varied setting the answers are no better than guesses, in sentences; none for none."""
    found = {f"{value:g}": _against_guessing(list(runs.values()), last) for value, runs in groups.items()}
    at = {side: [value for value, one in found.items() if one == side] for side in GUESSING}
    return [_(words, values=_(" and ").join(at[side])) for side, words in GUESSING.items() if at[side]]


def _three(run: Outcome) -> dict[str, float | None]:
    return {name: record and record["test_accuracy"] for name, record in summary(list(run.history)).items()}


ANSWERS: dict[str, Callable[[Sequence[Outcome]], list[str]]] = {
    "activations": _of_bends,
    "straight": _of_slope,
    "weight-decay": _of_decay,
    "learning-rate": _of_rate,
    "best-epoch": _of_flattery,
    "first-layer": _of_first_layer,
    "people": _of_people,
}
