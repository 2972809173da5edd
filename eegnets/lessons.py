"""Lessons: a question, what to look at, and an experiment of about a minute; the answer is found by `conclusions`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eegnets.config import SETTINGS, DataConfig, RunConfig
from eegnets.sources import check
from eegnets.translation import N_, _

# One person's trials, so that an experiment takes less than a minute on two cores.
DATA: dict[str, Any] = {"source": "simulated", "subjects": ["A"]}
_BENDS = ["ReLU", "LeakyReLU", "ELU"]


@dataclass(frozen=True)
class Lesson:
    """One lesson. `page`: the file below `pages/` that its link opens, with `link` in the address.

    The link's values have the types of the page's controls. The experiment: each of `values` of the setting `varied`
    (none: the seeds alone) with every seed, all else `settings`; `in_step`: in turns. `look`: what to look at. `data`:
    what its runs train on, whatever is chosen.
    """

    title: str
    question: str
    page: str
    link: dict[str, Any]
    look: tuple[str, ...]
    settings: Mapping[str, Any]
    varied: str = ""
    values: tuple[Any, ...] = ()
    seeds: tuple[int, ...] = (0, 1, 2)
    in_step: bool = False
    data: DataConfig | None = None

    @property
    def words(self) -> str:
        """How the varied setting is called within a sentence."""
        return _(SETTINGS[self.varied].label).lower()

    def configs(self, data: DataConfig, epochs: int | None = None) -> list[RunConfig]:
        """What its experiment trains on these data; raises InputError for a number of epochs out of bounds."""
        base = RunConfig(check(self.data) if self.data else data).with_(**self.settings)
        base = base if epochs is None else base.with_(epochs=epochs)
        changes = [{self.varied: value} for value in self.values] or [{}]
        return [base.with_(seed=seed, **change) for seed in self.seeds for change in changes]

    def owns(self, config: RunConfig) -> bool:
        """Whether a run with this config is of the experiment, on whatever data and for however many epochs."""
        return config.with_(epochs=1, threads=None) in self.configs(config.data, 1)


LESSONS = {
    "activations": Lesson(
        title=N_("ReLU against ELU and LeakyReLU"),
        question=N_("Below zero ReLU passes no gradient; ELU and LeakyReLU do. Does the network learn better for it?"),
        page="activations",
        link={"racers": ["ELU", "ReLU", "LeakyReLU"], "seeds": 3, "epochs": 12, "functions": _BENDS},
        look=(
            N_("Where is each slope zero? See the curves further down this page."),
            N_("Under the race, the instrument *Values without slope*: which activation has any, and in which layer?"),
            N_("The instrument *Gradient*: does less of it reach the first layer?"),
        ),
        settings={"epochs": 12, "instruments": True},
        varied="activation",
        values=("ELU", "ReLU", "LeakyReLU"),
        in_step=True,
    ),
    "straight": Lesson(
        title=N_("A network without a bend"),
        question=N_(
            "LeakyReLU's slope below zero is 0.01. With a slope of 1 it is a straight line, and EEGNet has no bend "
            "left: what can it still tell apart?"
        ),
        page="compare",
        link={"view": "Runs", "metric": "accuracy", "fold": "test"},
        look=(
            N_("The accuracy on the *test* trials: which lines rise, and which stays near one half?"),
            N_("The page Activations: what is left of LeakyReLU's curve with a *Leaky slope* of 1?"),
            N_("Imagery makes a rhythm weaker, which swings to both sides of zero: can a sum of voltages tell?"),
        ),
        settings={"epochs": 12, "activation": "LeakyReLU"},
        varied="negative_slope",
        values=(0.01, 0.5, 1.0),
        in_step=True,
    ),
    "weight-decay": Lesson(
        title=N_("What weight decay does"),
        question=N_(
            "Weight decay pulls every weight towards zero in each step. Are the weights shorter for it, does the "
            "network learn less by heart, and does it answer better?"
        ),
        page="compare",
        link={"view": "Runs", "metric": "accuracy", "fold": "train"},
        look=(
            N_("The accuracy on the *train* trials: which line climbs highest?"),
            N_("The same on the *test* trials: does the same line lie highest?"),
            N_("The bands: how far do runs lie apart that differ in the seed alone?"),
        ),
        settings={"epochs": 12, "instruments": True},
        varied="weight_decay",
        values=(0.0, 0.01, 0.1),
        in_step=True,
    ),
    "learning-rate": Lesson(
        title=N_("A learning rate too high"),
        question=N_(
            "The learning rate is the size of a step along the gradient. What happens with steps ten times as "
            "large, and a hundred times?"
        ),
        page="compare",
        link={"view": "Runs", "metric": "loss", "fold": "train", "log": ["y"]},
        look=(
            N_("The loss on the *train* trials: where does each line begin, and which ends highest?"),
            N_("The accuracy on the *test* trials: which line stays near one half, as guessing does?"),
            N_("Ten times as large: does that line end lower, or does it jump about more on its way?"),
        ),
        settings={"epochs": 12},
        varied="learning_rate",
        values=(0.001, 0.01, 0.1),
        in_step=True,
    ),
    "best-epoch": Lesson(
        title=N_("The best test epoch flatters you"),
        question=N_(
            "The lab report counts the highest test accuracy of all epochs. How much better does that look than it is?"
        ),
        page="compare",
        link={"view": "Best test epoch"},
        look=(
            N_("The bars of the chart below: how far above zero do they reach? They count this lesson's runs."),
            N_("The view *Runs*: does the test curve still rise where the best epoch lies, or only shake?"),
            N_("Would five points decide between two activations in the table *Lab report*?"),
        ),
        settings={"epochs": 27},
        seeds=(0, 1, 2, 3),
        in_step=True,
    ),
    "first-layer": Lesson(
        title=N_("Look inside the first layer"),
        question=N_(
            "Imagery changes the rhythms from 8 to 30 Hz. Does the first layer learn to listen there, or did it "
            "from the start?"
        ),
        page="network",
        link={"network": "untrained"},
        look=(
            N_("*What the first layer hears*, untrained: the kernels are drawn by chance. What do they hear?"),
            N_("When it is trained, open it below: which kernels have moved?"),
            N_("One kernel over time: does it look like a rhythm now?"),
        ),
        settings={"epochs": 30},
        in_step=True,
    ),
    "people": Lesson(
        title=N_("Another person's brain"),
        question=N_(
            "Every brain has rhythms of its own. Does a network that learned from one person read another, and what "
            "becomes of one that learned from both?"
        ),
        page="classify",
        link={"view": "All trials"},
        look=(
            N_("The page Trials, first with subject A, then with B: near which frequency is each one's mu rhythm?"),
            N_("Open a network of A below; in the sidebar choose B in the place of A: how often is it still correct?"),
            N_("The same with a network of both: does either person lose by it?"),
        ),
        settings={"epochs": 9},
        varied="subjects",
        values=(("A",), ("B",), ("A", "B")),
        in_step=True,
        data=DataConfig("simulated"),
    ),
}


def address(name: str) -> dict[str, Any]:
    """What stands in the address of a lesson's page."""
    values = DATA | LESSONS[name].link
    return {"lesson": name} | {key: one if isinstance(one, list) else str(one) for key, one in values.items()}
