"""The three test accuracies of a run on a page: what each means, and which is shown."""

from collections.abc import Sequence

import streamlit as st

from eegnets.runs import SCORES
from eegnets.translation import N_, _
from eegnets.ui.choices import segments

SCORE_HELP = {
    "last": N_(
        "Test accuracy after the last epoch: an honest figure as long as nobody chose that epoch by looking, as one "
        "does who stops a run or changes it with the test curve in view."
    ),
    "best_validation": N_(
        "Test accuracy at the epoch that did best on the held-back validation trials: an honest choice."
    ),
    "best_test": N_(
        "The highest test accuracy of all epochs, as the lab report counts. Optimistic: it chooses by the very trials "
        "that it reports on."
    ),
}


def score_choice(key: str, default: str, keys: Sequence[str] = tuple(SCORES)) -> str:
    """Which test accuracy is shown, a key of SCORES out of `keys`, with what it means; `key`: of the control."""
    named = {SCORES[name]: name for name in keys}
    score = named[segments(_("Test accuracy"), list(named), SCORES[default], key)]
    st.caption(_(SCORE_HELP[score]))
    return score
