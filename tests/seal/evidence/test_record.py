"""What a verifier says of itself can be computed without it."""

import subprocess
from pathlib import Path

import muniment
from muniment.seal.evidence.record import this_verifier


def test_the_verifiers_digest_is_what_a_shell_makes_of_its_files() -> None:
    package = Path(str(muniment.__file__)).parent
    command = "find . -name '*.py' -type f | cut -c3- | LC_ALL=C sort | xargs -r sha256sum | sha256sum"
    told = subprocess.run(command, shell=True, cwd=package, check=True, capture_output=True, text=True).stdout
    assert this_verifier().digest == told.split()[0]
    assert this_verifier().version == muniment.__version__
