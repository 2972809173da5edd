"""Settings as words of a command line: added to a parser, read from what was typed, and written out again.

And what every command has: where the runs are, lists with commas, files to write, and words beside its output.
"""

import argparse
import contextlib
import shlex
import sys
from pathlib import Path
from typing import Any

from eegnets.atomic import write_whole
from eegnets.config import SETTINGS, InputError, RunConfig, Setting


def add_settings(parser: argparse.ArgumentParser, leave_out: tuple[str, ...] = ()) -> None:
    """A flag for every setting of a run, and for the options of its source."""
    for name, rule in SETTINGS.items():
        if name not in leave_out:
            _add_setting(parser, name, rule)
    parser.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an option of the source, such as difficulty=0.8",
    )


def _add_setting(parser: argparse.ArgumentParser, name: str, rule: Setting) -> None:
    default = ",".join(rule.default) or "all" if isinstance(rule.default, tuple) else rule.default
    about = f"{rule.help} Takes {rule.describe_range()}; default {default if default is not None else 'automatic'}."
    keyword: dict[str, Any] = {"nargs": "?", "const": "true"} if rule.type is bool else {}
    parser.add_argument(flag(rule), dest=name, metavar=rule.key.upper(), help=about.replace("%", "%%"), **keyword)


def flag(rule: Setting) -> str:
    """How a setting is called on the command line."""
    return "--" + rule.key.replace("_", "-")


def add_runs_folder(parser: argparse.ArgumentParser) -> None:
    """The flag that says where the runs are."""
    parser.add_argument(
        "--runs", type=_folder, metavar="DIR", help="folder of the runs (default: EEGNETS_RUNS, else runs)"
    )


def _folder(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("a folder's name is empty; is a variable of the shell unset?")
    return Path(text)


def config_of(options: argparse.Namespace) -> RunConfig:
    """What the typed settings ask for; raises InputError for a value that is out of bounds."""
    given = {name: value for name in SETTINGS if (value := getattr(options, name, None)) is not None}
    config = RunConfig().with_(**given)
    pairs = dict(pair(text) for text in options.option)
    return RunConfig(config.data.with_(options=pairs), config.model, config.training)


def pair(text: str) -> tuple[str, str]:
    """The two halves of NAME=VALUE; raises InputError for another text."""
    name, equals, value = text.partition("=")
    if not equals:
        raise InputError(f"--option takes NAME=VALUE; got {text!r}.")
    return name, value


def listed(text: str) -> list[str]:
    """What stands between the commas of "A, B"; of an empty text, nothing."""
    return [part.strip() for part in text.split(",") if part.strip()]


def written(config: RunConfig) -> str:
    """The flags that ask for this config; what is at its default is left out."""
    words = []
    for section in (config.data, config.model, config.training):
        for name, rule in section.table().items():
            value = getattr(section, name)
            if value != rule.default:
                words += [flag(rule), ",".join(value) if rule.type is tuple else str(value)]
    for name, value in config.data.options.items():
        words += ["--option", f"{name}={value}"]
    return shlex.join(words)


def save(path: Path, content: bytes) -> None:
    """Write a file whole, and its folder where there is none yet; raises InputError where that cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror or error}); choose another place.") from error


def tell(words: str, end: str = "\n") -> None:
    """Print words to stderr, beside the output; where nobody listens any more, work goes on."""
    with contextlib.suppress(OSError):
        print(words, end=end, file=sys.stderr, flush=True)
