"""A real vLLM, sealed on its socket, with a small model that writes what it is told to."""

import asyncio
import base64
import io
import os
import signal
import socket
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from PIL import Image

from muniment.engines.image import EncodedImage
from muniment.engines.local import Progress, SealedServer, ServerSettings, Stage
from muniment.engines.openai import Broken, ChatClient, ChatRequest, Completion, Endpoint, EngineTrouble, Unreachable
from muniment.engines.openai.stream import collect
from tests.checkpoint import CONTEXT, write_checkpoint

pytestmark = pytest.mark.acceptance

DEED = "# Deed of sale\n\nThe house at No. 5 goes to Ana Müller for € 1,200.\n\n<page_number>1</page_number>"
WITHIN = 120.0

Result = TypeVar("Result")
Start = Callable[..., SealedServer]


@contextmanager
def started(python: str, cache: Path, folder: Path, answer: str, *, loops: bool = False) -> Iterator[SealedServer]:
    write_checkpoint(folder / "deeds", answer, loops=loops)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
        settings = ServerSettings(model=folder / "deeds", python=python, cache=cache, arguments=("--enforce-eager",))
        told: list[Progress] = []
        with SealedServer(settings, told.append) as running:
            assert told[0].stage is Stage.STARTING
            assert told[-1].stage is Stage.READY
            yield running


@pytest.fixture(scope="module")
def running(vllm_python: str, vllm_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SealedServer]:
    """A vLLM whose model writes DEED. The last test that uses it ends it."""
    with started(vllm_python, vllm_cache, tmp_path_factory.mktemp("deed"), DEED) as running:
        yield running


@pytest.fixture(scope="module")
def page() -> EncodedImage:
    content = io.BytesIO()
    Image.new("RGB", (560, 784), "white").save(content, "JPEG")
    return EncodedImage(base64.b64encode(content.getvalue()).decode(), "image/jpeg", 560, 784)


def request(page: EncodedImage, max_tokens: int = 512) -> ChatRequest:
    return ChatRequest(
        prompt="Read this.", images=(page,), temperature=0, max_tokens=max_tokens, repetition_penalty=1.0
    )


def with_client(running: SealedServer, conversation: Callable[[ChatClient], Coroutine[Any, Any, Result]]) -> Result:
    async def talk() -> Result:
        client = ChatClient(Endpoint.parse(running.address))
        try:
            await client.describe()
            return await conversation(client)
        finally:
            await client.aclose()

    return asyncio.run(talk())


def complete(running: SealedServer, request: ChatRequest) -> Completion:
    return with_client(running, lambda client: client.complete(request, WITHIN))


def processes_of(running: SealedServer) -> list[int]:
    """All processes that vLLM consists of."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            group = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[2])
        except OSError:
            continue
        if group == running._group:
            found.append(int(entry.name))
    return found


def name_of(process: int) -> str:
    return Path(f"/proc/{process}/comm").read_text().strip()


def wait_for(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def test_it_serves_the_model_and_says_how_much_fits(running: SealedServer) -> None:
    served = with_client(running, ChatClient.describe)
    assert (served.model, served.context) == ("deeds", CONTEXT)
    assert running.context == CONTEXT
    assert running.vllm == "0.32.0"


def test_a_page_is_read_to_its_end(running: SealedServer, page: EncodedImage) -> None:
    completion = complete(running, request(page))
    assert (completion.text, completion.finish_reason) == (DEED, "stop")
    assert completion.prompt_tokens > 560 * 784 / 28**2, "the picture was looked at"


def test_an_answer_comes_in_pieces(running: SealedServer, page: EncodedImage) -> None:
    with raw(running) as http, http.stream("POST", CHAT, json=body(page.base64, stream=True)) as response:
        pieces = [line for line in response.iter_lines() if line.startswith("data: {")]
    assert len(pieces) > 10


def test_an_answer_that_is_cut_off_says_so(running: SealedServer, page: EncodedImage) -> None:
    completion = complete(running, request(page, max_tokens=5))
    assert completion.finish_reason == "length"
    assert DEED.startswith(completion.text)


def test_sixty_four_pages_at_once_are_all_read(running: SealedServer, page: EncodedImage) -> None:
    async def read_all(client: ChatClient) -> list[Completion]:
        return await asyncio.gather(*(client.complete(request(page), WITHIN) for _ in range(64)))

    assert [completion.text for completion in with_client(running, read_all)] == [DEED] * 64


CHAT = "/v1/chat/completions"


def raw(running: SealedServer) -> httpx.Client:
    transport = httpx.HTTPTransport(uds=Endpoint.parse(running.address).socket)
    return httpx.Client(transport=transport, base_url="http://vllm", timeout=WITHIN, trust_env=False)


def body(image: str, **fields: object) -> dict[str, object]:
    url = image if "://" in image else f"data:image/jpeg;base64,{image}"
    content = [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": "Read this."}]
    return {"model": "deeds", "messages": [{"role": "user", "content": content}], "temperature": 0, **fields}


def test_an_image_elsewhere_is_refused_and_nothing_is_connected(running: SealedServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, raw(running) as http:
        listener.settimeout(1)
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):  # the control: whoever connects is seen
            listener.accept()[0].close()
        for address in (f"http://127.0.0.1:{port}/page.png", f"http://localhost:{port}/page.png"):
            assert http.post(CHAT, json=body(address)).status_code == 400
        with pytest.raises(TimeoutError):
            listener.accept()


def test_a_file_of_this_machine_is_refused(running: SealedServer, tmp_path: Path) -> None:
    Image.new("RGB", (56, 56)).save(tmp_path / "page.png")
    with raw(running) as http:
        answer = http.post(CHAT, json=body(f"file://{tmp_path}/page.png"))
    assert answer.is_error
    assert "allowed-local-media-path" in answer.text, "the path is not even tried"


def test_more_than_one_image_is_refused(running: SealedServer, page: EncodedImage) -> None:
    two = ChatRequest(prompt="Read.", images=(page, page), temperature=0, max_tokens=9, repetition_penalty=1.0)
    with pytest.raises(EngineTrouble):
        complete(running, two)


def test_none_of_its_processes_has_a_network_or_privileges(running: SealedServer) -> None:
    ours = Path("/proc/self/ns/net").readlink()
    processes = processes_of(running)
    assert {"VLLM::EngineCor", "VLLM::Worker"} <= set(map(name_of, processes))
    for process in processes:
        theirs = Path(f"/proc/{process}/ns/net").readlink()
        assert theirs != ours
        interfaces = Path(f"/proc/{process}/net/dev").read_text().splitlines()[2:]
        assert [line.split(":")[0].strip() for line in interfaces] == ["lo"]
        assert "CapEff:\t0000000000000000" in Path(f"/proc/{process}/status").read_text()


def test_it_listens_on_nothing_but_its_socket(running: SealedServer) -> None:
    listening = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/{running._group}/net/{table}").read_text().splitlines()[1:]
        if line.split()[3] == "0A"
    ]
    # What vLLM's own processes talk through, on the loopback of a namespace that nobody else is in.
    assert all(fields[1].startswith("0100007F:") for fields in listening)


@pytest.fixture(scope="module")
def looping(vllm_python: str, vllm_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SealedServer]:
    """A vLLM whose model never comes to an end. The last test that uses it kills it."""
    with started(vllm_python, vllm_cache, tmp_path_factory.mktemp("loop"), "over and over ", loops=True) as looping:
        yield looping


def test_it_ends_a_loop_by_itself(looping: SealedServer, page: EncodedImage) -> None:
    detection = {"max_pattern_size": 20, "min_pattern_size": 1, "min_count": 8}
    with raw(looping) as http:
        asked = body(page.base64, max_tokens=1000, repetition_detection=detection)
        answer = http.post(CHAT, json=asked).json()
    assert answer["choices"][0]["finish_reason"] == "repetition"
    assert answer["usage"]["completion_tokens"] < 100


def test_a_loop_is_no_good_answer(looping: SealedServer, page: EncodedImage) -> None:
    assert complete(looping, request(page, max_tokens=1000)).finish_reason == "repetition"


def test_an_engine_killed_in_mid_answer_is_noticed(looping: SealedServer, page: EncodedImage) -> None:
    folder, processes = folder_of(looping), processes_of(looping)
    (engine,) = (process for process in processes if name_of(process) == "VLLM::EngineCor")
    with pytest.raises((Broken, httpx.HTTPError)):
        asyncio.run(read_and_kill(looping, body(page.base64, stream=True, max_tokens=30_000), engine))
    assert wait_for(lambda: not looping.alive)
    assert looping.ending
    assert none_left(folder, processes)
    with pytest.raises(Unreachable):
        complete(looping, request(page))


async def read_and_kill(looping: SealedServer, body: dict[str, object], engine: int) -> Completion:
    """Kill the engine while it writes its answer."""
    async with (
        httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(uds=Endpoint.parse(looping.address).socket)) as http,
        http.stream("POST", f"http://vllm{CHAT}", json=body, timeout=WITHIN) as response,
    ):
        lines = response.aiter_lines()
        for _ in range(3):
            await anext(lines)
        os.kill(engine, signal.SIGKILL)
        return await collect(lines)


def test_nothing_is_left_after_its_end(running: SealedServer, page: EncodedImage) -> None:
    """The last test that uses it; another was started beside it, and has ended."""
    assert complete(running, request(page)).text == DEED
    folder, processes = folder_of(running), processes_of(running)
    assert len(processes) >= 3
    running.stop()
    assert none_left(folder, processes)


def folder_of(running: SealedServer) -> Path:
    return Path(Endpoint.parse(running.address).socket).parent


def none_left(folder: Path, processes: list[int]) -> bool:
    """Whether the folder with the sockets is gone, and all the processes are."""
    return not folder.exists() and not any(Path(f"/proc/{process}").exists() for process in processes)
