"""README's pictures, made anew: the app over the runs that ship with it, light, 1280 pixels wide, as small WebP files.

From the project's root:

    python -m benchmarks.pictures [--out pictures]
"""

import argparse
import io
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from benchmarks.rehearsal import prepared, served
from tests.browser.conftest import FLAGS, ROOT, executable
from tests.settling import settled

# Shipped runs that stand in for a reader's own, under ids as a reader's runs have: names show their last four signs.
RUNS = {
    f"simulated-{model}-{activation}": f"20250301-{hour}0000-{model}-{activation}-{tail}"
    for hour, model, activation, tail in (
        (10, "eegnet", "elu", "4c1e"),
        (11, "eegnet", "relu", "b07d"),
        (12, "eegnet", "leakyrelu", "93f2"),
        (13, "deepconvnet", "elu", "e5a8"),
        (14, "deepconvnet", "relu", "1d66"),
        (15, "deepconvnet", "leakyrelu", "7a3b"),
    )
}
# Name of the picture: the address that it shows, and how high it is.
VIEWS = {
    "start": ("?trial=8", 910),
    "trials": ("trials?trial=8", 1070),
    "train": (f"train?run={RUNS['simulated-eegnet-elu']}", 1030),
    "compare": (f"compare?{'&'.join(f'run={run}' for run in RUNS.values())}", 1440),
    "activations": ("activations", 1120),
    "network": ("network?network=simulated-eegnet-relu&layer=firstconv.0", 1220),
    "classify": ("classify?network=simulated-eegnet-relu", 1120),
}


def take(page: Page, address: str, height: int) -> Image.Image:
    """The picture of one view."""
    page.set_viewport_size({"width": 1280, "height": height})
    page.goto(address)
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    settled(page)
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def main() -> None:
    """Start the app, look, keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "pictures", help="the folder to write to")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(VIEWS)}; none named means all")
    asked = parser.parse_args()
    asked.out.mkdir(exist_ok=True)
    work = Path(tempfile.mkdtemp())
    for shipped, run in RUNS.items():
        shutil.copytree(ROOT / "checkpoints" / shipped, work / "runs" / run)
    folder, environment = prepared(True, work)
    with served("streamlit run app.py", folder, environment, work) as url, sync_playwright() as playwright:
        expect.set_options(timeout=60_000)
        page = playwright.chromium.launch(executable_path=executable(), args=FLAGS).new_page(color_scheme="light")
        page.set_default_timeout(60_000)
        for name in asked.names or VIEWS:
            path, (address, height) = asked.out / f"{name}.webp", VIEWS[name]
            take(page, f"{url}/{address}", height).save(path, quality=80, method=6)
            print(f"{path} {path.stat().st_size / 1000:.0f} kB", flush=True)
    shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
