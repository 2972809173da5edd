"""The file tree that README.md shows: every file with the first sentence of its docstring. Run it to write it anew."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- tree: python tests/file_tree.py -->\n```\n", "```\n<!-- end of tree -->"
OTHERS = {
    ".ci/run": "The gate: a fresh environment, the linter, all tests with real data and a browser.",
    ".streamlit/config.toml": "Address, upload limit, colours of both themes.",
    ".streamlit/icon.svg": "The icon in the browser's tab.",
    "LICENSE": "The MIT licence.",
    "README.md": "This page.",
    "checkpoints": "Finished runs that ship with the project, and how they were made.",
    "eegnets/locale/zh_TW/LC_MESSAGES/messages.po": "Every text of the app in Traditional Chinese.",
    "pyproject.toml": "The linter's and the tests' settings.",
    "requirements.txt": "What the app needs.",
    "requirements-cluster.txt": "What a Dask cluster needs besides.",
    "requirements-dev.txt": "What the tests and benchmarks need besides.",
    "requirements-moabb.txt": "What the source moabb needs besides.",
    "pictures": "README's pictures: python -m benchmarks.pictures",
    "requirements-sign-in.txt": "What signing in needs besides.",
}
FOLDERS = ("benchmarks", "eegnets", "pages", "tests")


def files() -> list[Path]:
    """Every file and folder that the tree names, folders before their files."""
    python = [ROOT / "app.py", *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))]
    return sorted([*python, *(ROOT / name for name in OTHERS if (ROOT / name).exists())])


def comment(path: Path) -> str:
    """What a file is, in its own first line."""
    if path.suffix == ".py":
        return (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]
    return OTHERS[path.relative_to(ROOT).as_posix()]


def lines() -> Iterator[str]:
    """The tree, a line a file, indented below its folder."""
    shown: set[Path] = set()
    for path in files():
        parts = path.relative_to(ROOT).parts
        for depth, folder in enumerate(parts[:-1]):
            at = Path(*parts[: depth + 1])
            if at not in shown:
                shown.add(at)
                yield f"{'    ' * depth}{folder}/"
        name = "    " * (len(parts) - 1) + parts[-1] + ("/" if path.is_dir() else "")
        yield f"{name:32} {comment(path)}".rstrip()


def with_tree(readme: str) -> str:
    """A text of README.md with the tree as it is now."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + "".join(f"{line}\n" for line in lines()) + END + after


if __name__ == "__main__":
    readme = ROOT / "README.md"
    readme.write_text(with_tree(readme.read_text(encoding="utf-8")), encoding="utf-8")
