"""Behind a run that has finished: which epoch's weights were kept, and where one goes on with them."""

import streamlit as st

from eegnets.lessons import LESSONS, address
from eegnets.run_folder import Run
from eegnets.scores import summary
from eegnets.translation import N_, _
from eegnets.ui.links import of_data

WHY = {
    "last": N_("Kept are the weights of epoch {n}, the last."),
    "best_validation": N_("Kept are the weights of epoch {n}, chosen on validation."),
    "best_test": N_("Kept are the weights of epoch {n}, the best on test, which is optimistic."),
}


def tell_kept(run: Run) -> None:
    """Say which epoch's weights were kept, and why those; nothing of weights that came without a training."""
    scores, why = summary(run.history()), run.config.training.keep
    if scores[why] is None:
        why = "last"
    if record := scores[why]:
        st.caption(_(WHY[why], n=record["epoch"]))


def next_steps(run: Run) -> None:
    """Ways to what one may do next with a run that has finished."""
    if run.status.state != "finished":
        return
    network = of_data(run.config.data) | {"network": run.id}
    st.caption(_("What next?"))
    with st.container(horizontal=True):
        _step("classify", _("Classify with it"), ":material/psychology:", **network)
        _step("network", _("Look inside"), ":material/account_tree:", **network)
        _step("compare", _("Compare"), ":material/stacked_line_chart:", run=run.id)
        if "lesson" not in st.query_params:
            name, lesson = next(iter(LESSONS.items()))
            words = _("Lesson {n}: {title}", n=1, title=_(lesson.title))
            _step(lesson.page, words, ":material/school:", **address(name))


def _step(page: str, words: str, icon: str, **params: str | list[str]) -> None:
    st.page_link(f"pages/{page}.py", label=words, icon=icon, query_params=params)
