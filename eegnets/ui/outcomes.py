"""What came of a run, as the lessons read it; a file apart, as looking into a network brings torch."""

import streamlit as st

from eegnets.conclusions import Outcome
from eegnets.config import InputError
from eegnets.run_folder import Run
from eegnets.translation import _
from eegnets.ui.classifying import written


def outcome(lesson: str, run: Run) -> Outcome:
    """The run's end, epochs and instruments; for the lesson on the first layer also what that layer hears."""
    answers = run.predictions()  # columns: trial, subject, label, then one for each class
    return Outcome(
        run.config,
        run.status.state,
        run.history(),
        run.status.message,
        run.instruments(),
        0 if answers is None else len(answers),
        2 if answers is None else len(answers.columns) - 3,
        _within(run) if lesson == "first-layer" else None,
    )


def _within(run: Run) -> tuple[float, float] | None:
    try:
        return _heard(str(run.path), written(run))
    except InputError:  # no weights, or damaged ones: the other networks still speak
        return None


@st.cache_data(max_entries=64, show_spinner=False)
def _heard(path: str, stamp: int) -> tuple[float, float]:
    """How much of the first layer lies between 8 and 30 Hz, untrained and trained."""
    from pathlib import Path

    from eegnets.filters import within
    from eegnets.ui.looking import trained

    with st.spinner(_("Looking into the first layer …")):  # here and not above, for its language
        looked = trained(Run(Path(path)))
        sfreq = looked.shape.sfreq
        return within(looked.before, sfreq), within(looked.model, sfreq)
