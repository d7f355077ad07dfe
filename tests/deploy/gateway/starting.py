"""start.sh, as far as to where it becomes nginx."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.deploy.gateway.running import FOLDER, as_gateway, environment, output


@dataclass(frozen=True)
class Started:
    """What start.sh came to."""

    returncode: int
    stdout: str
    stderr: str


def start(place: Path, **variables: str) -> Started:
    """start.sh with an nginx that tests the configuration, and then is content."""
    stub = place / "bin"
    stub.mkdir()
    (stub / "nginx").write_text('#!/bin/sh\n[ "${*%-t}" = "$*" ] || exec "$REAL_NGINX" "$@"\n')
    (stub / "nginx").chmod(0o755)
    found = subprocess.run(["/bin/sh", "-c", "command -v nginx"], capture_output=True, text=True, check=True)
    told = environment(place / "run", REAL_NGINX=found.stdout.strip(), **variables)
    told["PATH"] = f"{stub}:{told['PATH']}"
    with output(place / "out") as out, output(place / "err") as problems:
        done = subprocess.run([FOLDER / "start.sh"], env=told, stdout=out, stderr=problems, **as_gateway())
    return Started(done.returncode, (place / "out").read_text(), (place / "err").read_text())
