"""A lesson on paper: its question, the experiment, what was measured and looked at, and the reader's own words."""

from collections.abc import Mapping, Sequence

from eegnets.config import DataConfig
from eegnets.lessons import LESSONS
from eegnets.translation import _


def worksheet(
    name: str,
    experiment: str,
    data: DataConfig,
    answer: Sequence[str],
    looked: Mapping[str, bool],
    words: str,
    who: str,
) -> str:
    """The sheet of one of LESSONS as Markdown, in the reader's language.

    experiment: in a sentence. answer: as `conclusions.conclusion` gives it. looked: what to look at -> whether it was
    ticked. words: the reader's own; who: their name, if they gave one.
    """
    lesson = LESSONS[name]
    trained = {"source": data.source, "subjects": ", ".join(data.subjects) or _("all")}
    ticks = [f"- [{'x' if done else ' '}] {_(what)}" for what, done in looked.items()]
    parts = [
        f"# {_(lesson.title)}",
        _("Name: {who}", who=who or "…"),
        _(lesson.question),
        "## " + _("The experiment"),
        experiment,
        _("Data: {source}, subjects {subjects}.", **trained),
        "## " + _("What was measured"),
        "\n".join(f"- {sentence}" for sentence in answer),
        "## " + _("What I looked at"),
        "\n".join(ticks),
        "## " + _("In my own words"),
        words.strip() or "…",
    ]
    return "\n\n".join(parts) + "\n"
