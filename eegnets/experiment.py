"""The one place where the parts meet: load, split, build, fit, record, evaluate."""

import contextlib
import copy
import io
import json
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
import safetensors.torch
import torch
from torch import nn

from eegnets import instruments, models, sources, training
from eegnets.activations import ACTIVATIONS
from eegnets.classification import Shape, answers
from eegnets.config import InputError, ModelConfig, RunConfig, lookup
from eegnets.devices import available_devices, resolve_device
from eegnets.run_folder import Run, RunError, unwritable
from eegnets.run_status import AFTER
from eegnets.runs import RunStore, adjustments
from eegnets.scores import summary
from eegnets.seeding import seeded
from eegnets.sums import Underway, Watch
from eegnets.translation import N_
from eegnets.trials import Trials, split

PULSE = 0.25  # s between two notes of how far an epoch has come
TURN = 1.5  # s that a run in step with others trains before it lets another go on: beginning again takes a tenth of it


def prepare(config: RunConfig) -> RunConfig:
    """The config with everything left open decided: subjects, options, threads.

    Raises InputError for a name that no registry has, data that is not there, or a device that is not on this machine.
    """
    lookup(models.MODELS, N_("network"), config.model.name)
    lookup(ACTIVATIONS, N_("activation"), config.model.activation)
    resolve_device(config.training.device)
    data = sources.check(config.data)
    threads = config.training.threads or torch.get_num_threads()
    return RunConfig(data, config.model, config.training.with_(threads=threads))


def build(config: ModelConfig, trials: Trials | Shape, seed: int) -> nn.Module:
    """The network for these trials, or their shape, with its first weights; the same seed gives the same weights."""
    with seeded(seed):
        return models.build(
            config.name,
            activation=config.activation,
            n_chans=trials.n_chans,
            n_times=trials.n_times,
            n_outputs=len(trials.class_names),
            dropout=config.dropout,
            negative_slope=config.negative_slope,
            alpha=config.alpha,
        )


def rehearse() -> None:
    """Train one batch of noise on every device, so that the first epoch of the first run is as fast as any other."""
    rng = np.random.default_rng(0)
    noise = Trials(
        X=rng.standard_normal((64, 2, 750)).astype(np.float32),
        y=np.arange(64) % 2,
        split=np.repeat("train", 64),
        subject=np.repeat("noise", 64),
        number=np.arange(1, 65),
        sfreq=125.0,
        ch_names=("C3", "C4"),
        class_names=("left", "right"),
    )
    for device in available_devices():
        config = RunConfig().with_(epochs=1, device=device)
        try:
            list(training.fit(build(config.model, noise, 0), noise, None, noise, config.training))
        except RuntimeError:
            if device == "cpu":
                raise  # a graphics card that fails says so to the run that asks for it


def execute(
    run: Run,
    on_epoch: Callable[[training.EpochEnd], None] = lambda record: None,
    *,
    take_over: bool = False,
) -> dict[str, Any]:
    """Carry out a run in this process, from where it was left, and return its result.

    The folder tells how it went, whatever happens. `take_over`: see `Run.working`.
    Raises what ended it early: InputError (it could not begin), training.Diverged, RunError (the folder cannot be
    written), KeyboardInterrupt.
    """
    with run.working(take_over=take_over):
        try:
            return _execute(run, on_epoch)
        except KeyboardInterrupt:
            run.finish("stopped", N_("Stopped from the keyboard."))
            raise
        except OSError as error:
            why = error.strerror or error
            _try_to_fail(run, N_("The run folder cannot be read or written: {why}.").format(why=why))
            raise unwritable(run.id, error) from error
        except (InputError, training.Diverged) as error:
            _try_to_fail(run, str(error))
            raise
        except Exception as error:
            _try_to_fail(run, f"{type(error).__name__}: {error}")
            raise


def _try_to_fail(run: Run, message: str) -> None:
    try:
        run.finish("failed", message)
    except OSError:  # the disk may be full; without heartbeats the run will read "interrupted"
        return


def _execute(run: Run, on_epoch: Callable[[training.EpochEnd], None]) -> dict[str, Any]:
    config = prepare(run.config)
    torch.set_num_threads(config.training.threads)
    trials = sources.load(config.data)
    folds = split(trials, config.training.validation, config.training.seed)
    state = training.State(build(config.model, trials, config.training.seed), config.training)
    sizes = {name: 0 if fold is None else len(fold) for name, fold in folds._asdict().items()}
    run.met(device=state.device.type, trials=sizes)
    history = _continue(run, state)
    _keep(run, state, history, config, trials)

    def stop() -> bool:
        return run.asked().get("action") == "stop"

    state.adjust(**adjustments(run))
    watch = _pulse(run)
    read = _instruments(run, state, folds.train) if config.training.instruments else _nothing
    others_turn = _turns(run)
    paused = False
    for record in training.fit(
        state.model, *folds, config.training, max_norm=config.model.max_norm, state=state, stop=stop, watch=watch
    ):
        history.append(asdict(record))
        read(record.epoch)
        _record(run, state, history, config, trials)
        on_epoch(record)
        if len(history) == config.training.epochs:
            break
        paused = run.asked().get("action") in ("pause", "step")
        if paused:
            break
        if others_turn(len(history)):
            run.set_status("queued")
            return {"status": "queued", **summary(history)}
        state.adjust(**adjustments(run))
    if paused:
        run.set_status("paused", AFTER["paused"].format(n=len(history)))
        return {"status": "paused", **summary(history)}
    _predict(run, state.model, folds.test, trials.class_names)
    stopped = len(history) < config.training.epochs
    return run.finish("stopped", AFTER["stopped"].format(n=len(history))) if stopped else run.finish("finished")


def _continue(run: Run, state: training.State) -> list[dict[str, Any]]:
    """Put back the state of training that an earlier worker left, and return its history; empty where it left none."""
    fresh = copy.deepcopy(state.state_dict())
    try:
        stored = torch.load(run.resume_path, map_location="cpu", weights_only=True)
        history = run.rewind(stored["epoch"])
        if len(history) == stored["epoch"]:
            state.load_state_dict(stored)
            return history
    except FileNotFoundError:
        pass
    except (OSError, MemoryError):  # another time it may be read, or written
        raise
    except Exception:  # damaged, however: the same seed leads to the same place again, from the same beginning
        state.load_state_dict(fresh)
    return run.rewind(0)


def _instruments(run: Run, state: training.State, train: Trials) -> Callable[[int], None]:
    """What reads the instruments after an epoch and stores them; before the first epoch it does so at once."""
    probe = instruments.probe(train, state.device)

    def read(epoch: int) -> None:
        with state.computing():
            found = instruments.read(state.model, probe)
        run.append_instruments({"epoch": epoch} | found)

    if state.epoch == 0:
        read(0)
    return read


def _pulse(run: Run) -> Watch:
    """What tells the folder now and then how far the epoch in work has come, beginning with its first batch."""
    due = 0.0

    def watch(read: Callable[[], Underway]) -> None:
        nonlocal due
        if time.monotonic() < due:
            return
        underway = read()
        with contextlib.suppress(ValueError, OSError):  # not finite, or a full disk: the epoch's end tells
            run.note_underway(underway._asdict())
        due = time.monotonic() + PULSE

    return watch


def _turns(run: Run) -> Callable[[int], bool]:
    """Whether a run in step with others, so many epochs done, must let one that is behind and waits go first."""
    about, began = run.about(), time.monotonic()
    if not about.get("in_step"):
        return lambda epochs: False
    store = RunStore(run.path.parent)

    def others_turn(epochs: int) -> bool:
        if time.monotonic() - began < TURN:
            return False
        waiting = [other for other in store.active() if other.status.state == "queued" and other.id != run.id]
        return any(_behind(other, about["group"], epochs) for other in waiting)

    return others_turn


def _behind(run: Run, group: str, epochs: int) -> bool:
    """Whether a run belongs to the group and has done fewer epochs; a damaged one has no turn."""
    try:
        return run.about().get("group") == group and len(run.history()) < epochs
    except RunError:
        return False


def _nothing(epoch: int) -> None:
    """Read no instrument."""


def _record(run: Run, state: training.State, history: list[dict[str, Any]], config: RunConfig, trials: Trials) -> None:
    """Store an epoch: its line, the state to go on from, the weights where they are kept.

    A kill before the second repeats the epoch, one before the third is made good by `_keep` when the run goes on: no
    weights are stored that the history does not have.
    """
    run.append(history[-1])
    buffer = io.BytesIO()
    torch.save(state.state_dict(), buffer)
    run.save_resume(buffer.getvalue())
    _keep(run, state, history, config, trials)


def _keep(run: Run, state: training.State, history: list[dict[str, Any]], config: RunConfig, trials: Trials) -> None:
    """Store the weights where the epoch that just ended is the one that the config asks for."""
    if history and _to_be_kept(history, config.training.keep):
        run.save_weights(_serialise(state.model, run, trials, len(history)))


def _to_be_kept(history: list[dict[str, Any]], keep: str) -> bool:
    """Whether the epoch that just ended is the one whose weights the config asks for."""
    scores = summary(history)
    return (scores[keep] or scores["last"]) is scores["last"]


def _serialise(model: nn.Module, run: Run, trials: Trials, epoch: int) -> bytes:
    """Weights as safetensors; the metadata repeats config.json and tells the shape of a trial."""
    shape = {
        "n_chans": trials.n_chans,
        "n_times": trials.n_times,
        "sfreq": trials.sfreq,
        "ch_names": trials.ch_names,
        "class_names": trials.class_names,
    }
    metadata = {"config": json.dumps(run.about()), "trials": json.dumps(shape), "epoch": str(epoch)}
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    return safetensors.torch.save(weights, metadata)


def _predict(run: Run, model: nn.Module, test: Trials | None, class_names: tuple[str, ...]) -> None:
    """Store what the kept weights say of every test trial."""
    if test is None or not run.weights_path.exists():
        return
    model.cpu().load_state_dict(safetensors.torch.load_file(run.weights_path))  # where whoever asks again will ask
    run.save_predictions(answers(model, test, class_names))
