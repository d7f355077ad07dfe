"""The topology with a network that has no way out: the original's checks, and a client in a container."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from muniment.deploy.advisories import isolates
from muniment.seal.docker import find_engine, version
from tests.acceptance.containers.conftest import SLIPS
from tests.acceptance.containers.deployed import Deployed, Machine
from tests.acceptance.containers.outside import REACH, Outside
from tests.acceptance.slips import MISREAD, Slips, halved, misread
from tests.required import sdk
from tests.server.asking import question, url

pytestmark = pytest.mark.acceptance

READ = """
import base64, pathlib, sys
from llama_index.core.llms import ChatMessage, ImageBlock
from llama_index.llms.openai_like import OpenAILike
model = OpenAILike(model="tiny", api_base="http://gateway:8001/v1", api_key="none", is_chat_model=True, timeout=300)
image = base64.b64encode(pathlib.Path("/slip.png").read_bytes()).decode()
block = ImageBlock(url=f"data:image/png;base64,{image}", image_mimetype="image/png")
message = ChatMessage(role="user", blocks=[block])
sys.stdout.write(model.chat([message]).message.content)
"""


@pytest.fixture(scope="module")
def internal(machine: Machine) -> Iterator[Deployed]:
    options = ("--engine", "vllm-cpu", "--topology", "internal", "--profile", SLIPS)
    with machine.deployed("internal", *options) as found:
        yield found


def test_the_port_answers_on_this_machine(internal: Deployed) -> None:
    with internal.client() as client:
        assert client.get("/health").status_code == httpx.codes.OK
        assert [model["id"] for model in client.get("/v1/models").json()["data"]] == ["tiny"]
    assert internal.inspected("gateway")["NetworkSettings"]["Ports"]["8001/tcp"]


def test_a_page_is_read(internal: Deployed, slips: Slips) -> None:
    with internal.client() as client:
        answer = client.post("/v1/chat/completions", json=question("tiny", url(halved(slips.note))))
    assert misread(slips.note, answer.json()["choices"][0]["message"]["content"]) <= MISREAD


def test_gateway_and_server_reach_the_engine(internal: Deployed) -> None:
    script = "exec 3<>/dev/tcp/engine-1/8000 && echo connected"
    assert internal.execute("gateway", "bash", "-c", script).stdout.strip() == "connected"
    assert internal.execute("server", "python3", "-c", REACH, "engine-1", "8000").stdout.strip() == "connected"


def test_the_engine_reaches_nothing_outside_and_publishes_nothing(internal: Deployed, outside: Outside) -> None:
    told = internal.inspected("engine-1")
    assert set(told["NetworkSettings"]["Networks"]) == {f"{internal.project}_internal"}
    assert not any(told["NetworkSettings"]["Ports"].values())
    (network,) = json.loads(internal.machine.ask("network", "inspect", f"{internal.project}_internal"))
    assert network["Internal"] is True
    for service in ("engine-1", "server"):
        assert outside.reached_from(internal, service) in {"ENETUNREACH", "TimeoutError"}
    assert outside.reached_on(internal, f"{internal.project}_default") == "connected", "the control"


def test_the_seal_is_proven_but_where_docker_is_too_old(internal: Deployed) -> None:
    """Before 28 this machine answers at the bridge's address, and that alone is broken; names may leak on some."""
    told = json.loads(internal.muniment("verify", "--json").stdout)
    found = {claim["id"]: claim["verdict"] for claim in told["claims"]}
    broken = {claim for claim, verdict in found.items() if verdict == "broken"}
    isolated = isolates(version(find_engine().engine))
    assert broken == (set() if isolated else {"no-host", "server-sealed"})
    assert {claim for claim, verdict in found.items() if verdict == "unproven"} <= {"no-names"}


def test_llamaindex_reads_a_page_by_the_gateways_name(internal: Deployed, slips: Slips, tmp_path: Path) -> None:
    sdk("llama_index.llms.openai_like")
    page = tmp_path / "slip.png"
    page.write_bytes(halved(slips.note))
    folders = {Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve()}
    mounts = [f"--volume={folder}:{folder}:ro" for folder in sorted(folders)]
    told = internal.machine.ask(
        *("run", "--rm", "--network", f"{internal.project}_default", "--tmpfs", "/tmp", *mounts),
        *("--env", "LLAMA_INDEX_CACHE_DIR=/tmp", "--env", "HOME=/tmp", f"--volume={page}:/slip.png:ro"),
        *(internal.machine.base, str(Path(sys.prefix).resolve() / "bin" / "python"), "-c", READ),
    )
    assert misread(slips.note, told) <= MISREAD
