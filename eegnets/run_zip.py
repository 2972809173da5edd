"""Runs as a zip file, to take to another machine: written from run folders, read without trust."""

import io
import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import IO

from eegnets.atomic import changing
from eegnets.config import InputError
from eegnets.run_folder import Run
from eegnets.runs import RUN_ID, describe
from eegnets.scores import summary
from eegnets.translation import N_, _, retold

# Not resume.pt: a run goes on only where it began, and what torch.load reads stays at home.
FILES = (
    *("config.json", "status.json", "control.json", "conditions.json", "notes.json"),
    *("history.jsonl", "instruments.jsonl", "result.json", "predictions.csv", "model.safetensors"),
)
LIMIT = 256 * 2**20  # bytes of all files together, unpacked
SMALL = 2**18  # bytes of a file that is one JSON object
MOST = 200  # runs in a zip


def pack(runs: Sequence[Run]) -> bytes:
    """The runs as one zip: a folder for each, without what only serves to go on training."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for run in runs:
            for name in FILES:
                if (run.path / name).exists():
                    archive.write(run.path / name, f"{run.id}/{name}")
    return buffer.getvalue()


def unpack(file: IO[bytes], root: Path, owner: str = "") -> list[Run]:
    """Bring the runs of a zip into the folder `root`, all of them or none; from now on they are `owner`'s.

    Nothing but the known files of a run is read, and each is written where this program would write it, whatever path
    the zip gives it. Raises InputError for what is no zip of runs, too large, damaged, or here already, and where they
    cannot be written.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            found = _members(archive)
            _check(archive, found, root)
            return _unpack(archive, found, root, owner)
    except OSError as error:
        raise InputError(
            _("the runs cannot be written to {folder} ({why}).", folder=root, why=error.strerror or error)
        ) from error
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, zlib.error) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            _("this is no zip file that can be read ({why}); export the run once more.", why=error)
        ) from error


def _members(archive: zipfile.ZipFile) -> dict[str, dict[str, zipfile.ZipInfo]]:
    """Run id -> file name -> where it is in the zip."""
    found: dict[str, dict[str, zipfile.ZipInfo]] = {}
    for info in archive.infolist():
        folder, name = PurePosixPath(info.filename).parent.as_posix(), PurePosixPath(info.filename).name
        if re.fullmatch(RUN_ID, folder) and name in FILES:
            found.setdefault(folder, {})[name] = info
    return {run_id: files for run_id, files in found.items() if "config.json" in files}


def _check(archive: zipfile.ZipFile, found: dict[str, dict[str, zipfile.ZipInfo]], root: Path) -> None:
    if not found:
        raise InputError(
            _(
                "a zip of runs holds a folder for each run with its config.json; this one has {names}. Use a file that "
                "Export wrote.",
                names=", ".join(archive.namelist()[:3]) or _("nothing"),
            )
        )
    size = sum(info.file_size for files in found.values() for info in files.values())
    if size > LIMIT:
        raise InputError(
            _(
                "unpacked, the runs take {size:.0f} MB; at most {most:.0f} MB are allowed.",
                size=size / 2**20,
                most=LIMIT / 2**20,
            )
        )
    if len(found) > MOST:
        raise InputError(_("a zip takes up to {most} runs; this one has {n}.", most=MOST, n=len(found)))
    for run_id, files in found.items():
        large = [name for name, info in files.items() if name.endswith(".json") and info.file_size > SMALL]
        if large:
            why = _("{file} takes more than {most} kB.", file=large[0], most=SMALL >> 10)
            raise _damaged(run_id, why)
    _check_new(found, root)


def _damaged(run_id: str, why: str) -> InputError:
    return InputError(_("run {run} in this zip is damaged: {why}", run=run_id, why=why))


def _check_new(run_ids: Iterable[str], root: Path) -> None:
    for run_id in run_ids:
        if (root / run_id).exists():
            raise InputError(_("run {run} is here already; delete it first to import it anew.", run=run_id))


def _unpack(
    archive: zipfile.ZipFile, found: dict[str, dict[str, zipfile.ZipInfo]], root: Path, owner: str
) -> list[Run]:
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=root, ignore_cleanup_errors=True) as hidden:
        for run_id, files in found.items():
            run = Run(Path(hidden) / run_id)
            run.path.mkdir()
            for name, info in files.items():
                (run.path / name).write_bytes(archive.read(info))  # never more than the size it declares
            _settle(run, owner)
        with changing(root / "import"):  # somebody else may bring the same runs in
            _check_new(found, root)
            _move([Path(hidden) / run_id for run_id in found], root)
    return [Run(root / run_id) for run_id in found]


def _move(folders: Sequence[Path], root: Path) -> None:
    moved: list[Path] = []
    try:
        for folder in folders:
            moved.append(folder.rename(root / folder.name))
    except OSError:
        for folder in moved:
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _settle(run: Run, owner: str) -> None:
    """See that the run can be read; one that was still at work does not go on by itself here."""
    row = describe(run)
    if row["state"] == "damaged":
        raise _damaged(run.id, retold(row["message"]))
    _look_through(run)
    training = run.about().get("training", {}) | {"threads": None}  # those of another machine
    run._write_json("config.json", run.about() | {"owner": owner, "training": training})
    if run.status.active:
        run.set_status("interrupted", N_("It was still at work when it was exported."))


def _look_through(run: Run) -> None:
    """Raise InputError where the history or the weights are not as this program writes them."""
    from eegnets.weights import trials_shape  # brings torch

    try:
        summary(run.history())
        if run.weights_path.exists():
            trials_shape(run)
    except InputError as error:
        raise _damaged(run.id, str(error)) from error
    except (LookupError, TypeError) as error:
        raise _damaged(run.id, _("Its files are not as expected ({error!r}).", error=error)) from error
