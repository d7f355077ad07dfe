"""Fill the tables of docs/benchmarks.md from benchmarks/results/: figures there come from runs and from nowhere else.

A table stands between `<!-- NAME -->` and `<!-- /NAME -->`; results that are not there leave theirs as they are.
"""

import re
import sys

from benchmarks import (
    client_cost,
    common,
    crowd,
    faults,
    large_pdf,
    omnidocbench,
    passing_on,
    receipts,
    request_bodies,
    runtime,
    slots,
    soak,
    startup,
)

DOCUMENT = common.REPOSITORY / "docs" / "benchmarks.md"
TABLES = {
    "receipts": receipts.tables,
    "omnidocbench": omnidocbench.tables,
    "omnidocbench-all": omnidocbench.tables,
    "large_pdf": large_pdf.tables,
    "runtime": runtime.tables,
    "startup": startup.tables,
    "slots": slots.tables,
    "request_bodies": request_bodies.tables,
    "client_cost": client_cost.tables,
    "faults": faults.tables,
    "passing_on": passing_on.tables,
    "crowd": crowd.tables,
    "soak": soak.tables,
}


def filled(text: str, name: str, content: str) -> str:
    """``text`` with ``content`` between the marks of ``name``."""
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not pattern.search(text):
        sys.exit(f"{DOCUMENT} has no place for {name}: add <!-- {name} --> and <!-- /{name} -->.")
    return pattern.sub(lambda found: f"{found[1]}\n{content}\n\n{found[2]}", text)


def main() -> None:
    common.parser(__doc__).parse_args()
    text = DOCUMENT.read_text(encoding="utf-8")
    for name, tables in TABLES.items():
        result = common.load(name)
        if result is None:
            print(f"{name}: not run")
            continue
        text = filled(text, name, f"{about(result)}\n\n{tables(result)}")
        print(f"{name}: filled")
    DOCUMENT.write_text(text, encoding="utf-8")


def about(result: common.Result) -> str:
    """Where and how a result came about."""
    machine, settings = result["machine"], result["settings"]
    given = "".join(f", {name.replace('_', ' ')} {value}" for name, value in settings.items())
    system = f"{machine['processor']}, {machine['memory']}, {machine['system']}"
    return f"{system}; {machine['packages']}; commit {machine['commit']}{given}."


if __name__ == "__main__":
    main()
