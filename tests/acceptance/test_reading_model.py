"""A real vLLM, sealed on its socket, with a small model that reads what it is shown."""

import json
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

import muniment
from examples.drawing import Fonts
from muniment import PageReading, ReadOptions
from muniment.engines.local import SealedServer
from muniment.engines.openai import Endpoint
from muniment.reading.data import PageStatus
from muniment.text import Flag
from muniment.text.markup import parse_markup
from readingmodel.scoring import character_error
from tests import reading_model
from tests.acceptance.slips import MISREAD, Slips, halved
from tests.examples.comparing import squeezed, true_blocks, true_text, truth_of
from tests.reading_model import PAGES, PROFILE, Slip
from tests.server.asking import question, url

pytestmark = pytest.mark.acceptance

CELLS = 0.9
"""Share of a table's cells that must stand in their places with their text."""
DOCUMENTS = Path(__file__).parents[2] / "examples" / "documents"


def read(reading_vllm: SealedServer, data: bytes, profile: Path = PROFILE) -> PageReading:
    reading = muniment.read(data, ReadOptions(engines=(reading_vllm.address,), profile=str(profile)))
    (page,) = reading.pages
    return page


def said(blocks: Sequence[muniment.Block]) -> str:
    """Everything that blocks hold, so that it can be compared letter by letter."""
    return "\n".join(repr(block) for block in blocks)


@pytest.mark.parametrize("name", ["note", "boxes", "table"])
def test_what_stands_on_a_page_is_what_is_read(reading_vllm: SealedServer, slips: Slips, name: str) -> None:
    slip: Slip = getattr(slips, name)
    page, true = read(reading_vllm, slip.data), parse_markup(slip.text)
    assert (page.status, page.flags) == (PageStatus.READ, ())
    assert [(attempt.engine, attempt.problem) for attempt in page.attempts] == [("checkpoint", "")]
    assert [type(block) for block in page.blocks] == [type(block) for block in true]
    assert character_error(said(true), said(page.blocks)) <= MISREAD


@pytest.fixture(scope="module")
def report(reading_vllm: SealedServer, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The pages of a scanned report of the examples, as the command reads them."""
    folder = tmp_path_factory.mktemp("report")
    source = DOCUMENTS / "report-scanned.pdf"
    options = ["--engine", reading_vllm.address, "--profile", str(PAGES), "--format", "json", "-o", str(folder)]
    command = [sys.executable, "-m", "muniment", "ocr", str(source), *options]
    subprocess.run(command, check=True, capture_output=True, timeout=600)
    pages: list[dict[str, Any]] = json.loads((folder / "report-scanned.json").read_text(encoding="utf-8"))["pages"]
    return pages


def test_whole_pages_are_read_as_they_were_written(report: list[dict[str, Any]]) -> None:
    assert [(page["status"], page["flags"]) for page in report] == [("read", [])] * 4
    for page, true in zip(report, truth_of("report-scanned.pdf"), strict=True):
        written, read = (" ".join(map(true_text, blocks)) for blocks in (true["blocks"], page["blocks"]))
        assert character_error(squeezed(written), squeezed(read)) <= MISREAD


def test_page_numbers_are_told_from_text(report: list[dict[str, Any]]) -> None:
    """Their digits are small print for this model: half of them have to be right."""
    numbers = [[block["text"] for block in page["blocks"] if block["kind"] == "page_number"] for page in report]
    assert [len(found) for found in numbers] == [1] * 4
    assert sum(found == [f"Page {number} of 4"] for number, found in enumerate(numbers, 1)) >= 2


def test_tables_of_whole_pages_are_tables(report: list[dict[str, Any]]) -> None:
    true = true_blocks("report-scanned.pdf", "table")
    found = [block for page in report for block in page["blocks"] if block["kind"] == "table"]
    assert [(table["rows"], table["columns"]) for table in found] == [
        (table["rows"], table["columns"]) for table in true
    ]
    for table, written in zip(found, true, strict=True):
        wanted, cells = (
            {(cell["row"], cell["column"], squeezed(cell["text"])) for cell in one["cells"]} for one in (written, table)
        )
        assert len(wanted & cells) >= CELLS * len(wanted)


def test_different_pages_give_different_texts(reading_vllm: SealedServer, slips: Slips) -> None:
    """A model that ignores the picture writes the same about each."""
    texts = [said(read(reading_vllm, slip.data).blocks) for slip in slips.all]
    assert all(character_error(one, other) > 0.3 for one in texts for other in texts if one is not other)


def test_sixteen_pages_at_once_are_read_as_they_are_one_by_one(reading_vllm: SealedServer, fonts: Fonts) -> None:
    rooms = ("Maps", "Registers", "Photographs", "Newspapers", "Sound", "Letters", "Plans", "Films")
    notes = [
        reading_model.note(fonts, room, (f"The key of this room hangs at desk {desk}.", "Bring it back before four."))
        for desk, room in enumerate((*rooms, *map(str.upper, rooms)), 21)
    ]
    alone = [said(read(reading_vllm, slip.data).blocks) for slip in notes]
    with ThreadPoolExecutor(16) as threads:
        together = list(threads.map(lambda slip: said(read(reading_vllm, slip.data).blocks), notes))
    assert together == alone
    assert len(set(alone)) == 16


def ask(reading_vllm: SealedServer, slip: Slip, **fields: object) -> httpx.Response:
    asked = (url(halved(slip)), "Read this page.")
    body = question(reading_vllm.model, *asked, temperature=0, **fields)
    transport = httpx.HTTPTransport(uds=Endpoint.parse(reading_vllm.address).socket)
    with httpx.Client(transport=transport, base_url="http://vllm", timeout=120, trust_env=False) as http:
        return http.post("/v1/chat/completions", json=body)


def test_a_streamed_answer_is_the_same_in_pieces(reading_vllm: SealedServer, slips: Slips) -> None:
    whole = ask(reading_vllm, slips.note).json()["choices"][0]["message"]["content"]
    lines = ask(reading_vllm, slips.note, stream=True).text.splitlines()
    events = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: {")]
    pieces = [event["choices"][0]["delta"].get("content") or "" for event in events if event["choices"]]
    assert "".join(pieces) == whole
    assert len([piece for piece in pieces if piece]) > 20


def test_an_answer_that_is_cut_off_is_made_good_another_way(
    reading_vllm: SealedServer, slips: Slips, tmp_path: Path
) -> None:
    short = tmp_path / "short.toml"
    short.write_text(PROFILE.read_text(encoding="utf-8").replace("max_tokens = 400", "max_tokens = 16"), "utf-8")
    page = read(reading_vllm, slips.note.data, short)
    assert page.status is PageStatus.FALLBACK
    assert {Flag.TRUNCATED, Flag.FALLBACK} <= set(page.flags)
    assert page.attempts[0].problem == "the answer was cut off after 16 tokens"
    assert "seven weeks" in said(page.blocks)


def test_a_page_that_makes_the_model_repeat_itself_is_noticed(reading_vllm: SealedServer, fonts: Fonts) -> None:
    chorus = reading_model.note(fonts, "Song", ("la la la la la la la la la la la la",) * 4, face="LiberationSans")
    page = read(reading_vllm, chorus.data)
    assert Flag.REPETITION in page.flags
    assert page.attempts[0].problem == "the answer ran into a loop"
