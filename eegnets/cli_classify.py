"""The command about trained networks: what one answers to trials."""

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from eegnets import sources
from eegnets.config import DataConfig, InputError, lookup
from eegnets.evaluation import Scores, score
from eegnets.fitting import fitted, likely_channels, likely_recipe, misfits
from eegnets.flags import add_runs_folder, listed, pair, save, tell
from eegnets.run_folder import Run, RunError
from eegnets.runs import RunStore, shipped
from eegnets.sources import files
from eegnets.trials import SPLITS, Trials

if TYPE_CHECKING:
    from eegnets.classification import Classifier, Shape

USELESS = {"source": ("fit",), "file": ("subjects", "option", "split")}  # flags that go with the other one alone


def add_classify(parser: argparse.ArgumentParser) -> None:
    """The flags of `classify`."""
    parser.add_argument("run", metavar="RUN_OR_CHECKPOINT", help="an id, as `runs` lists it, or a shipped checkpoint's")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--source", metavar="S", help=", ".join(sources.SOURCES))
    what.add_argument("--file", type=Path, metavar="F", help="an array of trials: .npz, .npy, .mat, .csv")
    parser.add_argument("--fit", action="store_true", help="pick channels, resample, cut or fill up what --file holds")
    parser.add_argument("--subjects", metavar="A,B", default="", help="of the source; default all")
    parser.add_argument("--option", action="append", default=[], metavar="NAME=VALUE", help="an option of the source")
    parser.add_argument("--split", metavar="SPLIT", help=f"of the source: {' or '.join(SPLITS)}; default test")
    parser.add_argument("--csv", type=Path, metavar="OUT", help="write a row a trial to this file")
    parser.add_argument("--json", action="store_true", help="print scores and answers as one object")
    add_runs_folder(parser)


def classify(options: argparse.Namespace) -> int:
    """Answer trials and say how good the answers are, where the classes are known."""
    _refuse_useless(options)
    split = options.split or "test"
    lookup(dict.fromkeys(SPLITS), "split", split)
    run = find_run(options.run, RunStore(options.runs))
    from eegnets.classification import Classifier  # imports torch: after the cheap checks

    classifier = Classifier(run)
    trials = classifier.fold(_trials(options, classifier.shape), split)
    answers = classifier.answers(trials)
    scores = known_scores(classifier, trials, answers)
    if options.csv:
        save(options.csv, answers.to_csv(index=False).encode())
    if options.json:
        print(json.dumps({"scores": _plain(scores), "answers": answers.to_dict("records")}, indent=2))
    elif not options.csv:
        print(answers.to_string(index=False, float_format="{:.3f}".format))
    tell(_sentence(len(trials), scores))
    return 0


def _refuse_useless(options: argparse.Namespace) -> None:
    """Raise InputError for a flag that would change nothing."""
    asked = "file" if options.file else "source"
    for name in USELESS[asked]:
        if getattr(options, name):
            raise InputError(f"--{name} does nothing with --{asked}; leave it out.")


def find_run(name: str, store: RunStore) -> Run:
    """A run of one's own, or a shipped one; raises RunError that names those that there are."""
    for runs in (store, shipped()):
        if name in {run.id for run in runs.runs()}:
            return runs.get(name)
    here = [run.id for runs in (shipped(), store) for run in runs.runs()]
    raise RunError(f"there is no run or checkpoint {name!r}; there are {', '.join(here[:15]) or 'none yet'}.")


def _trials(options: argparse.Namespace, shape: "Shape") -> Trials:
    if options.file:
        return from_file(options.file, shape, options.fit)
    given = dict(pair(text) for text in options.option)
    return sources.load(DataConfig(options.source, tuple(listed(options.subjects)), given))


def from_file(path: Path, shape: "Shape", fit: bool = False) -> Trials:
    """Trials out of a file of arrays, brought to what the network takes where `fit`; raises InputError."""
    found = files.preview(path)
    if found.kind != "arrays":
        raise InputError(f"{path.name} is a recording: say on the page Import which marks begin a trial.")
    trials = files.read(path, likely_recipe(found, shape))
    trials = replace(trials, split=np.repeat("test", len(trials)))
    channels = likely_channels(trials.ch_names, shape)
    wrong = misfits(trials, shape, channels)
    if wrong and not fit:
        raise InputError(f"{path.name} does not fit the network. {' '.join(wrong)} --fit does all that.")
    return fitted(trials, shape, channels)


def known_scores(classifier: "Classifier", trials: Trials, answers: Any) -> Scores | None:
    """How good the answers to the trials of known class are; None where no class is known."""
    names = classifier.shape.class_names
    known = answers["label"].isin(names).to_numpy()
    if not known.any():
        return None
    truth = answers["label"][known].map(names.index).to_numpy()
    return score(answers.loc[known, list(names)].to_numpy(), truth, names)


def _plain(scores: Scores | None) -> dict[str, Any] | None:
    """Scores as JSON knows them, which has no NaN."""
    if scores is None:
        return None
    kappa = None if np.isnan(scores.kappa) else scores.kappa
    return asdict(scores) | {"kappa": kappa, "confusion": scores.confusion.tolist()}


def _sentence(n: int, scores: Scores | None) -> str:
    if scores is None:
        return f"{n} trials; their classes are not known, or not to the network."
    low, high = scores.interval
    return (
        f"{n} trials: accuracy {scores.accuracy:.3f} (95 % interval {low:.3f} to {high:.3f}), kappa {scores.kappa:.2f}"
    )
