"""How long `muniment --help` takes, beside a Python that does nothing."""

import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks import common

COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "muniment --help": [str(Path(sys.executable).parent / "muniment"), "--help"],
    "muniment ocr --help": [str(Path(sys.executable).parent / "muniment"), "ocr", "--help"],
}


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def tables(result: common.Result) -> str:
    """Medians and extremes, as Markdown."""
    rows = [(name, statistics.median(times), min(times), max(times)) for name, times in result["seconds"].items()]
    return common.table(("command", "median s", "least s", "most s"), rows)


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--repeat", type=int, default=10, help="runs of each command (default: %(default)s)")
    repeat = parser.parse_args().repeat
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(repeat + 1):
        for name, command in COMMANDS.items():
            times[name].append(seconds(command))
    result: common.Result = {
        "settings": {"repeat": repeat},
        "seconds": {name: kept[1:] for name, kept in times.items()},
    }
    print(f"{tables(result)}\n\nKept in {common.save('startup', result)}")


if __name__ == "__main__":
    main()
