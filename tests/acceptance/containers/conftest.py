import shutil
import subprocess
from collections.abc import Iterator

import pytest

from tests.acceptance.containers.deployed import Deployed, Machine
from tests.acceptance.containers.outside import Outside, outside_host
from tests.required import missing, program
from tools.container_base import make_base


@pytest.fixture(scope="session")
def docker() -> str:
    """The path of docker, whose Engine runs."""
    found = program("docker")
    if subprocess.run([found, "info"], capture_output=True, check=False).returncode:
        missing("docker", "no Docker Engine runs here, or not for this user")
    return found


@pytest.fixture(scope="session")
def machine(docker: str, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """Where deployments are made: with a base for images from a Debian bootstrap, as no registry can be reached."""
    if shutil.which("debootstrap") is None:
        missing("docker", "debootstrap is not installed, which makes a base for images")
    try:
        base = make_base()
    except (OSError, subprocess.CalledProcessError) as error:
        missing("docker", f"no base for images can be made ({error})")
    return Machine(docker=docker, base=base, state=tmp_path_factory.mktemp("state"))


@pytest.fixture(scope="module")
def airgapped(machine: Machine) -> Iterator[Deployed]:
    """The whole stack with a real vLLM and the small model, without networks. Tests leave it running."""
    with machine.deployed("airgapped", "--engine", "vllm-cpu", "--profile", SLIPS) as found:
        yield found


@pytest.fixture(scope="session")
def outside(docker: str) -> Iterator[Outside]:
    """A host that containers reach if anything of theirs leads out."""
    assert docker
    if shutil.which("ip") is None:
        missing("docker", "iproute2 is not installed, which makes a host outside")
    with outside_host() as found:
        yield found


SLIPS = "/opt/muniment/profiles/reading-slips.toml"
"""In the server's image."""
