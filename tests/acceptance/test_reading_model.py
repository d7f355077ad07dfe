"""A real vLLM, sealed on its socket, with a small model that reads what it is shown."""

import base64
import io
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from PIL import Image

import muniment
from examples.drawing import Fonts, MissingFont
from examples.make_documents import FONTS
from muniment import PageReading, ReadOptions
from muniment.engines.local import SealedServer, ServerSettings
from muniment.engines.openai import Endpoint
from muniment.reading.data import PageStatus
from muniment.text import Flag
from muniment.text.markup import parse_markup
from readingmodel.scoring import character_error
from tests import reading_model
from tests.reading_model import FOLDER, PROFILE, Slip
from tests.required import missing

pytestmark = pytest.mark.acceptance

MISREAD = 0.03
"""Share of characters that may be wrong: the model is small."""


@pytest.fixture(scope="module")
def running(vllm_python: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SealedServer]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
        cache = tmp_path_factory.mktemp("cache")
        settings = ServerSettings(model=FOLDER, python=vllm_python, cache=cache, arguments=("--enforce-eager",))
        with SealedServer(settings) as running:
            yield running


@pytest.fixture(scope="module")
def fonts() -> Fonts:
    fonts = Fonts(FONTS)
    try:
        fonts.path("LiberationSans-Regular")
        fonts.path("LiberationSerif-Regular")
    except MissingFont as problem:
        missing("fonts", str(problem))
    return fonts


@pytest.fixture(scope="module")
def slips(fonts: Fonts) -> dict[str, Slip]:
    return {
        "note": reading_model.note(
            fonts, "Drying of paper", ("Keep the sheets apart, open a window", "and wait. It takes about seven weeks.")
        ),
        "boxes": reading_model.boxes(
            fonts,
            (
                (True, "Renew my ticket for one year"),
                (False, "Close my account"),
                (True, "Maps and plans"),
                (False, "Parish registers"),
            ),
        ),
        "table": reading_model.table(
            fonts,
            (("Desk", "Morning", "Afternoon"), ("Maps", "Corran", "Dunmore"), ("Registers", "Elphick", "Aske")),
            (16, 110, 200, 300),
        ),
    }


def read(running: SealedServer, data: bytes, profile: Path = PROFILE) -> PageReading:
    reading = muniment.read(data, ReadOptions(engines=(running.address,), profile=str(profile)))
    (page,) = reading.pages
    return page


def said(blocks: Sequence[muniment.Block]) -> str:
    """Everything that blocks hold, so that it can be compared letter by letter."""
    return "\n".join(repr(block) for block in blocks)


@pytest.mark.parametrize("name", ["note", "boxes", "table"])
def test_what_stands_on_a_page_is_what_is_read(running: SealedServer, slips: dict[str, Slip], name: str) -> None:
    page, true = read(running, slips[name].data), parse_markup(slips[name].text)
    assert (page.status, page.flags) == (PageStatus.READ, ())
    assert [(attempt.engine, attempt.problem) for attempt in page.attempts] == [("checkpoint", "")]
    assert [type(block) for block in page.blocks] == [type(block) for block in true]
    assert character_error(said(true), said(page.blocks)) <= MISREAD


def test_different_pages_give_different_texts(running: SealedServer, slips: dict[str, Slip]) -> None:
    """A model that ignores the picture writes the same about each."""
    texts = [said(read(running, slip.data).blocks) for slip in slips.values()]
    assert all(character_error(one, other) > 0.3 for one in texts for other in texts if one is not other)


def test_sixteen_pages_at_once_are_read_as_they_are_one_by_one(running: SealedServer, slips: dict[str, Slip]) -> None:
    documents = [slip.data for slip in slips.values()]
    alone = [said(read(running, data).blocks) for data in documents]
    with ThreadPoolExecutor(16) as threads:
        together = list(threads.map(lambda number: said(read(running, documents[number % 3]).blocks), range(16)))
    assert together == [alone[number % 3] for number in range(16)]


def ask(running: SealedServer, slip: Slip, **fields: object) -> httpx.Response:
    url = f"data:image/png;base64,{base64.b64encode(halved(slip.data)).decode()}"
    content = [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": "Read this page."}]
    body = {"model": running.model, "messages": [{"role": "user", "content": content}], "temperature": 0, **fields}
    transport = httpx.HTTPTransport(uds=Endpoint.parse(running.address).socket)
    with httpx.Client(transport=transport, base_url="http://vllm", timeout=120, trust_env=False) as http:
        return http.post("/v1/chat/completions", json=body)


def halved(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as image:
        file = io.BytesIO()
        image.convert("RGB").reduce(2).save(file, "PNG")
    return file.getvalue()


def test_a_streamed_answer_is_the_same_in_pieces(running: SealedServer, slips: dict[str, Slip]) -> None:
    whole = ask(running, slips["note"]).json()["choices"][0]["message"]["content"]
    lines = ask(running, slips["note"], stream=True).text.splitlines()
    events = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: {")]
    pieces = [event["choices"][0]["delta"].get("content") or "" for event in events if event["choices"]]
    assert "".join(pieces) == whole
    assert len([piece for piece in pieces if piece]) > 20


def test_an_answer_that_is_cut_off_is_made_good_another_way(
    running: SealedServer, slips: dict[str, Slip], tmp_path: Path
) -> None:
    short = tmp_path / "short.toml"
    short.write_text(PROFILE.read_text(encoding="utf-8").replace("max_tokens = 400", "max_tokens = 16"), "utf-8")
    page = read(running, slips["note"].data, short)
    assert page.status is PageStatus.FALLBACK
    assert {Flag.TRUNCATED, Flag.FALLBACK} <= set(page.flags)
    assert page.attempts[0].problem == "the answer was cut off after 16 tokens"
    assert "seven weeks" in said(page.blocks)


def test_a_page_that_makes_the_model_repeat_itself_is_noticed(running: SealedServer, fonts: Fonts) -> None:
    chorus = reading_model.note(fonts, "Song", ("la la la la la la la la la la la la",) * 4, face="LiberationSans")
    page = read(running, chorus.data)
    assert Flag.REPETITION in page.flags
    assert page.attempts[0].problem == "the answer ran into a loop"
