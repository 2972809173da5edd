"""This machine in words, and what that means for training."""

import streamlit as st

from eegnets.machine import Machine
from eegnets.translation import _, ngettext
from eegnets.ui.state import runner


def machine_panel(found: Machine) -> None:
    """This machine in words, and what that means for training."""
    facts = {
        _("Processor"): _(found.processor),
        _("Cores"): str(found.cores),
        _("Memory"): f"{found.memory / 2**30:.0f} GiB",
        _("Graphics card"): _(found.card) or _("none"),
        "bfloat16": _bfloat16(found),
        "PyTorch": found.torch,
    }
    with st.container(border=True):
        with st.container(horizontal=True, gap="large"):
            for name, value in facts.items():
                st.markdown(f":small[:gray[{name}]]  \n**{value}**", width="content")
        st.markdown("\n".join(f"- {sentence}" for sentence in _meaning(found)))


def _bfloat16(found: Machine) -> str:
    if found.bfloat16 is None:
        return _("not known")
    return ", ".join(found.bfloat16) or _("no instructions")


def _meaning(found: Machine) -> list[str]:
    """What the facts mean, a sentence each."""
    workers = runner().workers
    threads = getattr(workers, "threads", 1)
    n, each = workers.count(), ngettext("{n} thread", "{n} threads", threads)
    said = [_("One run trains at a time here, with {threads}; more wait for their turn.", threads=each)]
    if n > 1:
        said = [_("{n} runs train at once here, each with {threads}; more wait for their turn.", n=n, threads=each)]
    if found.card:
        words = _(
            "There is a graphics card ({card}): the setting Device takes it unless told otherwise.", card=_(found.card)
        )
    else:
        words = _(
            "There is no graphics card that PyTorch can use, so the processor computes everything. Threads, batch "
            "sizes, engines and precisions can be compared here instead."
        )
    said.append(words)
    if found.bfloat16:
        said.append(_("The processor multiplies bfloat16 directly: that precision may be faster here. Measure it."))
    elif found.bfloat16 is not None:
        said.append(_("The processor has no instructions for bfloat16: on it that precision is usually slower."))
    return said
