"""What the benchmarks share: where data is, what the machine is, how results are kept and shown."""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parent.parent
RESULTS = REPOSITORY / "benchmarks" / "results"
DATA = REPOSITORY.parent / "shared" / "data"
PACKAGES = (
    "muniment",
    "openvino",
    "onnxruntime",
    "rapidocr",
    "opencv-python-headless",
    "numpy",
    "pybase64",
    "orjson",
    "msgspec",
)

Result = dict[str, Any]
"""What a benchmark found, as JSON: "machine", "settings", and what its own ``tables`` shows."""


def parser(module_doc: str | None) -> argparse.ArgumentParser:
    """A parser whose help is the benchmark's own description."""
    return argparse.ArgumentParser(description=module_doc, formatter_class=argparse.RawDescriptionHelpFormatter)


def add_data_option(options: argparse.ArgumentParser) -> None:
    """``--data``: the folder of evaluation data, which is not part of the repository."""
    default = Path(os.environ.get("MUNIMENT_DATA", DATA))
    options.add_argument(
        "--data",
        type=Path,
        default=default,
        help="folder of evaluation data (or set MUNIMENT_DATA; default: %(default)s)",
    )


def data_folder(data: Path, name: str) -> Path:
    """The folder ``name`` of the evaluation data; ends the program with a message if it is not there."""
    folder = data / name
    if not folder.is_dir():
        sys.exit(f"There is no evaluation data at {folder}. Give its folder with --data or MUNIMENT_DATA.")
    return folder


def machine() -> dict[str, str]:
    """Processor, memory, system and versions: what figures depend on."""
    packages = {}
    for name in PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            packages[name] = "not installed"
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{memory:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "packages": ", ".join(f"{name} {number}" for name, number in packages.items()),
        "commit": _commit(),
    }


def _processor() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else platform.machine()


def _commit() -> str:
    command = ["git", "-C", str(REPOSITORY), "rev-parse", "--short=12", "HEAD"]
    git = subprocess.run(command, capture_output=True, text=True, check=False)
    return git.stdout.strip() or "unknown"


def save(name: str, result: Result) -> Path:
    """Keep ``result`` with the machine's description as benchmarks/results/``name``.json."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps({"machine": machine(), **result}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def load(name: str) -> Result | None:
    """The latest result of a benchmark, or None if it was never run."""
    path = RESULTS / f"{name}.json"
    if not path.is_file():
        return None
    result: Result = json.loads(path.read_text(encoding="utf-8"))
    return result


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table; numbers stand on the right."""
    cells = [[_shown(value) for value in row] for row in rows]
    widths = [max([3, len(column), *(len(row[i]) for row in cells)]) for i, column in enumerate(columns)]
    right = [bool(rows) and all(isinstance(row[i], int | float | None) for row in rows) for i in range(len(columns))]

    def line(values: Sequence[str]) -> str:
        padded = (v.rjust(w) if r else v.ljust(w) for v, w, r in zip(values, widths, right, strict=True))
        return f"| {' | '.join(padded)} |"

    rule = "|".join("-" * (w + 1) + (":" if r else "-") for w, r in zip(widths, right, strict=True))
    return "\n".join([line(columns), f"|{rule}|", *map(line, cells)])


def _shown(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) < 10 else f"{value:,.1f}"
    return str(value)
