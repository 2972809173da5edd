"""Runs side by side: which settings differ, which runs are alike, and their curves as one table.

A curve is a history (one record for each epoch); tables are pandas', one row for each run and epoch.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from eegnets.activations import ACTIVATIONS
from eegnets.config import SETTINGS, ModelConfig, RunConfig
from eegnets.translation import N_, _

CHANGED = N_("Changed while it trained")
NOTHING = "–"  # was changed
POINTS = 500  # drawn of a curve at most: a screen has no room for more

History = Sequence[Mapping[str, Any]]
Changes = Mapping[str, Sequence[float]]  # setting -> the values it had while a run trained, beside the one asked for


def settings_of(config: RunConfig) -> dict[str, Any]:
    """Every setting by its key (the network's name is "model"), the source's options among them."""
    sections = (config.data, config.model, config.training)
    flat = {rule.key: getattr(section, name) for section in sections for name, rule in section.table().items()}
    return flat | {f"data_{name}": value for name, value in config.data.options.items()}


def differing(configs: Mapping[str, RunConfig], changed: Mapping[str, Changes] | None = None) -> pd.DataFrame:
    """What is not the same in all: a row for each such setting (index: its key), a column for each run.

    changed: run -> what was changed while it trained, if anything; it is told in the reader's language.
    """
    live = {name: {CHANGED: changed_words((changed or {}).get(name, {})) or NOTHING} for name in configs}
    table = pd.DataFrame({name: settings_of(config) | live[name] for name, config in configs.items()}, dtype=object)
    return table[table.astype(str).nunique(axis=1, dropna=False) > 1]


def setting_label(key: str, say: Callable[[str], str] = _) -> str:
    """How a setting is called in words; `say` puts them into a language: the reader's, or with `N_` English."""
    return say(next((rule.label for rule in SETTINGS.values() if rule.key == key), key.removeprefix("data_")))


def plain(value: object, say: Callable[[str], str] = _) -> str:
    """A setting's value as it is read."""
    if value is None:
        return say(N_("automatic"))
    if isinstance(value, tuple | list):
        return "+".join(map(str, value)) or say(N_("all"))
    return f"{value:g}" if isinstance(value, float) else str(value)


def worded(key: str, value: object, say: Callable[[str], str] = _) -> str:
    """A setting and its value in words: names speak for themselves, numbers need theirs."""
    speaks = key in ("model", "activation", "source", "optimizer")
    return plain(value, say) if speaks else f"{setting_label(key, say).lower()} {plain(value, say)}"


def changed_words(changed: Changes, say: Callable[[str], str] = _) -> str:
    """What was changed while a run trained; "" for nothing."""
    return say(N_(", ")).join(worded(name, value, say) for name, values in changed.items() for value in values)


def asked_words(config: RunConfig) -> str:
    """What a run was asked to do, beside its network and epochs: its data, its seed, and what is not the default."""
    usual, passed = settings_of(RunConfig()), ("model", "activation", "epochs", "threads")
    told = {
        key: value
        for key, value in settings_of(config).items()
        if key in ("source", "subjects", "seed") or (key in usual and key not in passed and value != usual[key])
    }
    return " · ".join(worded(key, value) for key, value in told.items())


def alike(different: pd.DataFrame, by: Iterable[str], say: Callable[[str], str] = N_) -> dict[str, str]:
    """Run -> the name of its group: runs that agree in the settings `by` (of `different`, as `differing` gives it).

    In English, as an address has it; `say` as in `setting_label`.
    """
    keys = [key for key in by if key in different.index]
    return {
        run: ", ".join(worded(key, different.loc[key, run], say) for key in keys) or say(N_("all"))
        for run in different.columns
    }


def ranked(different: pd.DataFrame, by: Iterable[str]) -> list[str]:
    """The runs of `different` in the order of their settings `by`: numbers by size, names as where they are picked."""
    keys = [key for key in by if key in different.index]
    return sorted(different.columns, key=lambda run: [_rank(key, different.loc[key, run]) for key in keys])


def _rank(key: str, value: object) -> tuple[int, float, str]:
    if value is None or value == NOTHING:
        return 0, 0.0, ""
    if isinstance(value, int | float):
        return 1, float(value), ""
    listed = {"activation": list(ACTIVATIONS), "model": ModelConfig.table()["name"].choices}.get(key, [])
    return 2, float(listed.index(value) if value in listed else len(listed)), plain(value)


def told_apart(names: Mapping[str, str]) -> dict[str, str]:
    """Run id -> what it is called; twins, called the same, by their ids."""
    times = Counter(names.values())
    return {run_id: name if times[name] == 1 else run_id for run_id, name in names.items()}


def curve_table(histories: Mapping[str, History], key: str, trials: Mapping[str, int] | None = None) -> pd.DataFrame:
    """Rows of run, epoch, seconds (since the start), trials (seen in training, since the start), value.

    key: that of a record, such as "test_accuracy". trials: run -> how many it sees in an epoch; nan for one without.
    """
    parts = []
    for run, history in histories.items():
        rows = pd.DataFrame(list(history), columns=["epoch", "seconds", key]).rename(columns={key: "value"})
        rows["seconds"] = rows["seconds"].astype(float).cumsum()
        rows["trials"] = rows["epoch"].astype(float) * (trials or {}).get(run, float("nan"))
        parts.append(rows.assign(run=run, value=rows["value"].astype(float)))
    columns = ["run", "epoch", "seconds", "trials", "value"]
    empty = pd.DataFrame({name: [] for name in columns})
    return pd.concat(parts or [empty], ignore_index=True).dropna(subset="value")[columns]


def smoothed(table: pd.DataFrame, weight: float) -> pd.DataFrame:
    """Each run's values as their running average over all epochs before; weight 0 leaves them, near 1 flattens them.

    An average with weights 1, w, w², … back in time, divided by their sum, so that the first epochs are not pulled
    towards zero.
    """
    if not weight:
        return table
    average = table.groupby("run", sort=False)["value"].transform(
        lambda values: values.ewm(alpha=1 - weight, adjust=True).mean()
    )
    return table.assign(value=average)


def group_table(table: pd.DataFrame, groups: Mapping[str, str], confidence: float = 0.95) -> pd.DataFrame:
    """Rows of group, epoch, seconds, trials, value (the mean), low, high (Student's interval), n.

    Each epoch speaks of the runs that reached it; where that is one, it has no interval (nan).
    """
    from scipy import stats  # here: half a second to come, and panels have no need of it

    grouped = table.assign(group=table["run"].map(groups)).groupby(["group", "epoch"], sort=False, as_index=False)
    found = grouped.agg(
        seconds=("seconds", "mean"),
        trials=("trials", "mean"),
        value=("value", "mean"),
        error=("value", "sem"),
        n=("value", "size"),
    )
    reach = found["error"] * stats.t.ppf(0.5 + confidence / 2, np.maximum(found["n"] - 1, 1))
    return found.assign(low=found["value"] - reach, high=found["value"] + reach).drop(columns="error")


def thinned(table: pd.DataFrame, series: str, points: int = POINTS) -> pd.DataFrame:
    """At most so many epochs of each curve as can be seen, evenly, the first and the last among them."""
    place = table.groupby(series, sort=False).cumcount()
    last = table.groupby(series, sort=False)[series].transform("size") - 1
    step = np.ceil((last + 1) / points)
    return table[(place % step == 0) | (place == last)]
