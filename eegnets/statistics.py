"""What scores say: of several runs, of each subject, how two differ, and how much a choice flatters.

Scores are accuracies, 0..1, one for each run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy  # signal and stats come when they are used: half a second that most beginnings do without
from numpy.typing import ArrayLike

from eegnets.config import InputError
from eegnets.evaluation import paired_test, wilson_interval
from eegnets.translation import _, ngettext

ROUNDING = 1e-9  # of accuracies: what is less is no difference


@dataclass(frozen=True)
class Mean:
    """A mean of `n` values and where the true one lies with 95 % confidence; the bounds are nan for a single value."""

    mean: float
    low: float
    high: float
    n: int


def mean_interval(values: ArrayLike, confidence: float = 0.95) -> Mean:
    """The mean with Student's interval; nan throughout where there is no value. Student (1908), Biometrika 6:1."""
    values = np.asarray(values, dtype=float)
    if len(values) < 2:
        return Mean(float(values.mean()) if len(values) else float("nan"), float("nan"), float("nan"), len(values))
    mean, error = float(values.mean()), float(scipy.stats.sem(values))
    reach = float(scipy.stats.t.ppf(0.5 + confidence / 2, len(values) - 1)) * error
    return Mean(mean, mean - reach, mean + reach, len(values))


@dataclass(frozen=True)
class Difference(Mean):
    """A mean difference over pairs; `p`: the chance of one as large where there is none, nan where it is not known."""

    p: float


def paired_difference(first: Mapping[Any, float], second: Mapping[Any, float]) -> Difference:
    """First less second over the keys that both have, seeds as a rule: what a seed does to both alike falls out.

    first, second: key -> score. Student's paired test, two-sided. Where all differences are the same, and not nothing,
    they do not tell how far chance reaches: no interval, no `p`. A few test trials make that likely.
    """
    seeds = sorted(first.keys() & second.keys())
    differences = np.array([first[seed] - second[seed] for seed in seeds])
    found = mean_interval(differences)
    nan = float("nan")
    if len(seeds) < 2 or (np.ptp(differences) < ROUNDING and abs(found.mean) > ROUNDING):
        return Difference(found.mean, nan, nan, found.n, nan)
    if np.ptp(differences) < ROUNDING:
        return Difference(0.0, 0.0, 0.0, found.n, 1.0)
    p = float(scipy.stats.ttest_1samp(differences, 0.0).pvalue)
    return Difference(found.mean, found.low, found.high, found.n, p)


@dataclass(frozen=True)
class PairedTrials:
    """Two runs on the same `n` trials: right answers of each with Wilson's interval, answers that one alone got right.

    `p`: McNemar's exact test (see `evaluation.paired_test`).
    """

    n: int
    correct: tuple[int, int]
    intervals: tuple[tuple[float, float], tuple[float, float]]
    alone: tuple[int, int]
    p: float


def compare_predictions(first: pd.DataFrame, second: pd.DataFrame) -> PairedTrials:
    """Two runs' tables of predictions, trial by trial.

    Columns: trial, subject, label, one probability for each class name. Raises InputError where the tables are not of
    the same trials with the same labels.
    """
    trials = [table.set_index(["subject", "trial"]).sort_index() for table in (first, second)]
    labels = [table["label"] for table in trials]
    if not labels[0].equals(labels[1]):
        raise InputError(
            _(
                "only runs on the same test trials can be paired; these were tested on {first} and {second} trials "
                "that are not the same. Pick two runs of the same data.",
                first=len(first),
                second=len(second),
            )
        )
    answers = [table.drop(columns="label").idxmax(axis=1) for table in trials]
    right = [(answer == label).to_numpy() for answer, label in zip(answers, labels, strict=True)]
    n, correct = len(first), (int(right[0].sum()), int(right[1].sum()))
    return PairedTrials(
        n,
        correct,
        (wilson_interval(correct[0], n), wilson_interval(correct[1], n)),
        (int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())),
        paired_test(np.ones(n, dtype=int), right[0], right[1]),
    )


def judged(answers: pd.DataFrame, class_names: Sequence[str]) -> pd.DataFrame:
    """Answers (a row a trial: label, a probability for each class name) with the columns `answer` and `correct`.

    The answer is the likeliest class, of equals the first; `correct` is false where the label is not known.
    """
    names = np.array(class_names)
    answer = names[answers[list(class_names)].to_numpy(dtype=float).argmax(axis=1)]
    return answers.assign(answer=answer, correct=answer == answers["label"].to_numpy())


def by_subject(answers: pd.DataFrame, class_names: Sequence[str]) -> pd.DataFrame:
    """How good the answers are for each subject: rows of subject, trials, right, accuracy, low, high.

    answers: as `judged` gives them; trials of unknown class are left out. low to high is Wilson's interval (95 %).
    """
    known = answers[answers["label"].isin(class_names)]
    rows = []
    for subject, mine in known.groupby("subject", sort=False):
        right, n = int(mine["correct"].sum()), len(mine)
        rows.append((subject, n, right, right / n, *wilson_interval(right, n)))
    return pd.DataFrame(rows, columns=["subject", "trials", "right", "accuracy", "low", "high"])


def flattery(runs: pd.DataFrame) -> pd.DataFrame:
    """How much the best test epoch lies above an honest choice, in percentage points: rows of id, honest, points.

    runs: columns id, last, best_validation, best_test (0..1; nan or None where there is none). `honest` is the score
    compared with: "last" or "best_validation".
    """
    long = runs.melt(["id", "best_test"], ["last", "best_validation"], "honest", "score")
    points = 100 * (long["best_test"].astype(float) - long["score"].astype(float))
    return long.assign(points=points)[["id", "honest", "points"]].dropna(ignore_index=True)


def flattery_words(found: pd.DataFrame) -> str:
    """How much it flatters, in a sentence for each honest score; neither it nor an interval can be below nothing."""
    parts = []
    for honest, points in found.groupby("honest", sort=False)["points"]:
        mean = mean_interval(points)
        interval = (
            _(" (95 % interval {low:.1f} to {high:.1f})", low=max(mean.low, 0.0), high=mean.high) if mean.n > 1 else ""
        )
        words = {"last": _("the last epoch"), "best_validation": _("the epoch chosen on validation")}
        parts.append(
            ngettext(
                "Over {n} finished run the best test epoch lies **{mean:.1f} points{interval}** above {honest}, at "
                "most {most:.1f}.",
                "Over {n} finished runs the best test epoch lies **{mean:.1f} points{interval}** above {honest}, at "
                "most {most:.1f}.",
                mean.n,
                mean=mean.mean,
                interval=interval,
                honest=words[str(honest)],
                most=points.max(),
            )
        )
    return " ".join(parts)


def false_alarms(comparisons: int, level: float = 0.05) -> float:
    """The chance that at least one of so many independent comparisons looks different where none is."""
    return 1 - (1 - level) ** comparisons
