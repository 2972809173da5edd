"""What came of a run, as the lessons read it; a file apart, as looking into a network brings torch."""

from dataclasses import replace

import streamlit as st

from eegnets.config import InputError
from eegnets.outcome import Outcome
from eegnets.run_folder import Run
from eegnets.sources import SOURCES, data_root
from eegnets.translation import _
from eegnets.ui.classifying import answers_of, written
from eegnets.ui.state import trials


def outcome(lesson: str, run: Run) -> Outcome:
    """The run's end, epochs and instruments; for lessons that look into networks, what they find there."""
    answers = run.predictions()  # columns: trial, subject, label, then one for each class
    return Outcome(
        run.config,
        run.status.state,
        run.history(),
        run.status.message,
        run.instruments(),
        0 if answers is None else len(answers),
        0.5 if answers is None or not len(answers) else float(answers["label"].value_counts(normalize=True).max()),
        _within(run) if lesson == "first-layer" else None,
        _by_person(run) if lesson == "people" else {},
    )


def _by_person(run: Run) -> dict[str, float]:
    """How often the run's network is right on the test trials of each person of its source."""
    people = SOURCES[run.config.data.source].state(data_root()).subjects
    try:
        return {
            who: float(answers_of(run, trials(replace(run.config.data, subjects=(who,))), "test")[1]["correct"].mean())
            for who in people
        }
    except InputError:  # as below
        return {}


def _within(run: Run) -> tuple[float, float] | None:
    try:
        return _heard(str(run.path), written(run))
    except InputError:  # no weights, damaged ones, or no data: the other networks still speak
        return None


@st.cache_data(max_entries=64, show_spinner=False)
def _heard(path: str, stamp: int) -> tuple[float, float]:
    """How much of what the first layer hears lies between 8 and 30 Hz, untrained and trained."""
    from pathlib import Path

    from eegnets.filters import within
    from eegnets.ui.looking import trained

    with st.spinner(_("Looking into the first layer …")):  # here and not above, for its language
        run = Run(Path(path))
        looked, learned_from = trained(run), trials(run.config.data).of_split("train")
        return within(looked.before, learned_from), within(looked.model, learned_from)
