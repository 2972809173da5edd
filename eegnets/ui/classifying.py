"""Trained networks on a page: which one, what it answers to a set of trials, and going through its answers."""

import contextlib
from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from eegnets.charts.answers import probability_chart
from eegnets.charts.trial import trial_chart, trial_title
from eegnets.config import InputError
from eegnets.fitting import places
from eegnets.run_folder import Run
from eegnets.runs import shipped
from eegnets.statistics import judged
from eegnets.translation import N_, _
from eegnets.trials import Trials
from eegnets.ui.attributing import where_it_looked
from eegnets.ui.browsing import stepper
from eegnets.ui.choices import listed
from eegnets.ui.drawing import shared, show
from eegnets.ui.identity import BY_NUMBER
from eegnets.ui.links import class_words, without_links
from eegnets.ui.naming import labels
from eegnets.ui.scoring import trial_list
from eegnets.ui.state import store

if TYPE_CHECKING:
    from eegnets.classification import Classifier, Shape

AT_MOST = 8  # networks that answer side by side
VIEWS = (N_("One trial"), N_("All trials"), N_("Quiz"), N_("Your files"))


def networks() -> dict[str, Run]:
    """The finished runs with weights, those that ship with the project first."""
    runs = [run for runs in (shipped(), store()) for run in runs.runs()]
    active = {run.id for run in store().active()}
    return {run.id: run for run in runs if run.weights_path.exists() and run.id not in active}


def network_picker(trials: Trials, source: str) -> Run | None:
    """The network to ask; None where there is none for such trials yet."""
    found = fitting(trials, source)
    if not found:
        return None
    tell_missing(found)
    help_ = _("Shipped checkpoints and your own runs whose networks take such trials.")
    called = labels(found.values())
    return found[listed(_("Network"), list(found), next(iter(found)), "network", called.__getitem__, help=help_)]


def tell_missing(networks: Collection[str]) -> None:
    """Say so where the address names a network that is none of those that can be asked."""
    named = st.query_params.get("network", "")
    if named and named not in networks:
        words = _("The network {name} is not here, or takes other trials than these; another one answers.", name=named)
        st.warning(without_links(words), icon=":material/search_off:")


def fitting(trials: Trials, source: str) -> dict[str, Run]:
    """The networks that take such trials, those trained on this source first."""
    found = {run_id: run for run_id, run in networks().items() if _fits(run, trials)}
    return dict(sorted(found.items(), key=lambda item: item[1].config.data.source != source))


def _fits(run: Run, trials: Trials) -> bool:
    try:
        _shape(run).check(trials)
    except (InputError, OSError):
        return False
    return True


def _shape(run: Run) -> "Shape":
    """What a network takes, without loading it: there may be hundreds. Raises InputError where it has gone."""
    return _stored_shape(str(run.path), written(run))


@st.cache_data(max_entries=4096, show_spinner=False)
def _stored_shape(path: str, stamp: int) -> "Shape":
    from eegnets.classification import shape_of

    return shape_of(Run(Path(path)))


@st.cache_resource(max_entries=64, show_spinner=False)
def classifier(path: str, stamp: int) -> "Classifier":
    """The network of a run, read once for all sessions; `stamp` is the time of its weights."""
    import torch

    from eegnets.classification import Classifier

    torch.set_num_threads(1)  # the cores are the workers'
    return Classifier(Run(Path(path)))


def written(run: Run) -> int:
    """When the weights of a run were written, in ns since 1970; raises InputError where they have gone."""
    try:
        return run.weights_path.stat().st_mtime_ns
    except OSError:
        raise InputError(_("the weights of run {run} have gone: it was deleted meanwhile.", run=run.id)) from None


def of(run: Run) -> "Classifier":
    """The network of a run; raises InputError where it has gone."""
    return classifier(str(run.path), written(run))


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs=BY_NUMBER)
def _fold(path: str, stamp: int, trials: Trials, part: str) -> Trials:
    return classifier(path, stamp).fold(trials, part)


def fold_of(run: Run, trials: Trials, part: str) -> Trials:
    """The trials of a split as the network of a run takes them, made once for all sessions."""
    return _fold(str(run.path), written(run), trials, part)


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs=BY_NUMBER)
def _answered(path: str, stamp: int, fold: Trials) -> pd.DataFrame:
    network = classifier(path, stamp)
    return judged(network.answers(fold), network.shape.class_names)


def answers_of(run: Run, trials: Trials, part: str) -> tuple[Trials, pd.DataFrame]:
    """The trials of a split, and a row each: trial, subject, label, probabilities, answer, right."""
    with st.spinner(_("Asking the network …")):
        fold = fold_of(run, trials, part)
        return fold, _answered(str(run.path), written(run), fold)


def other_classes(run: Run, recorded: Trials) -> None:
    """Where data call their classes otherwise than the network does: whose names are used, and which mean nothing."""
    theirs, ours = recorded.class_names, of(run).shape.class_names
    if set(theirs) <= set(ours):
        return
    lost = [name for name, place in zip(theirs, places(theirs, ours), strict=True) if place < 0]
    said = {
        key: _(", ").join(map(class_words, names))
        for key, names in (("theirs", theirs), ("ours", ours), ("lost", lost))
    }
    told = _("The classes of these data are {theirs}; here they have the network's names, {ours}.", **said)
    of_lost = _("It does not know {lost}: such trials count in no score.", **said) if lost else ""
    st.caption(f"{told} {of_lost}")


def answer_browser(run: Run, fold: Trials, table: pd.DataFrame) -> None:
    """One trial with what each network answers and where this one looked; the list of answers below."""
    kin = _kin(run, fold)  # looking for networks once, not for every trial
    _browse(run, kin, labels([run, *kin]), fold, table)


@st.fragment
def _browse(run: Run, kin: list[Run], called: dict[str, str], fold: Trials, table: pd.DataFrame) -> None:
    index = stepper(len(fold), "answer") - 1
    try:
        network, own = of(run), _row(run, called, fold, index)
    except InputError:  # deleted while it was looked at
        st.rerun()
    names = network.shape.class_names
    left, right = st.columns([3, 2], gap="large")
    with left:
        show(shared(trial_chart, fold, index, filled=True), key="waveform", alt=trial_title(fold, index))
    with right:
        _verdict(table.loc[index])
        answers = pd.DataFrame([own, *_rows(kin, called, fold, index)])
        spoken = answers.rename(columns=_).to_string(index=False)
        show(shared(probability_chart, answers, names), key="networks", alt=spoken)
    target = names.index(table.loc[index, "answer"])
    where_it_looked(network.model, fold, index, target, names[target])
    trial_list(_where_known(table), "listed", _open)


def _where_known(table: pd.DataFrame) -> pd.DataFrame:
    """Answers that are neither right nor wrong where the class is not known."""
    return table.assign(correct=table["correct"].astype("boolean").where(table["label"] != ""))


def _kin(run: Run, trials: Trials) -> list[Run]:
    """Other networks of the same data that tell the same classes apart, as many as find room."""
    source, names = run.config.data.source, of(run).shape.class_names
    others = [other for other in fitting(trials, source).values() if other.id != run.id]
    alike = (other for other in others if other.config.data.source == source and _classes(other) == names)
    return list(islice(alike, AT_MOST - 1))


def _classes(run: Run) -> tuple[str, ...]:
    try:
        return _shape(run).class_names
    except InputError:  # deleted meanwhile
        return ()


def _rows(runs: list[Run], called: dict[str, str], fold: Trials, index: int) -> Iterator[dict[str, object]]:
    """What each answers to a trial; nothing of one that was deleted meanwhile."""
    for run in runs:
        with contextlib.suppress(InputError):
            yield _row(run, called, fold, index)


def _row(run: Run, called: dict[str, str], fold: Trials, index: int) -> dict[str, object]:
    return {"network": called[run.id]} | _one_answer(str(run.path), written(run), fold, index)


@st.cache_data(max_entries=4096, show_spinner=False, hash_funcs=BY_NUMBER)
def _one_answer(path: str, stamp: int, fold: Trials, index: int) -> dict[str, float]:
    network = classifier(path, stamp)
    answer = network.answers(fold.take(np.array([index]))).iloc[0]
    return {name: float(answer[name]) for name in network.shape.class_names}


def _verdict(row: pd.Series) -> None:
    answer, label = (class_words(name) for name in row[["answer", "label"]])
    if not label:
        st.markdown(_("It answers **{answer}**. The class is not known.", answer=answer))
    elif row["correct"]:
        st.success(_("It answers **{answer}**, and is correct.", answer=answer), icon=":material/check:")
    else:
        words = _("It answers **{answer}**; shown was **{label}**.", answer=answer, label=label)
        st.warning(words, icon=":material/close:")


def _open(place: int) -> None:
    st.session_state.answer = place


def open_trial(place: int) -> None:
    """Show one trial of the split, the `place`-th from 1, from another view; for callbacks."""
    st.session_state.answer = place
    st.query_params["answer"] = str(place)  # a number in the address would win when its field comes back
    st.session_state.view = VIEWS[0]
