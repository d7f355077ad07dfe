"""Documents read by a model behind an address, with real workers and a real connection."""

import asyncio
import base64
import io
import threading
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from muniment.documents.sources import Source
from muniment.errors import EngineError, UsageError
from muniment.reading import (
    DocumentDone,
    DocumentSkipped,
    Ledger,
    PageDone,
    PageStatus,
    Place,
    ReadOptions,
    Run,
    read,
)
from muniment.text import Flag
from tests import builders
from tests.reading.conftest import Faults
from tests.reading.engine_server import EngineServer, engine_server


@pytest.fixture
def plain_workers(faults: Faults) -> None:
    """Workers that take pages for upright, and load no models to see it."""
    faults("")


def page(words: str, size: tuple[int, int] = (1240, 1754)) -> Image.Image:
    image = Image.new("L", size, 255)
    for line in range(8):
        ImageDraw.Draw(image).text((100, 150 + 90 * line), f"{words} {line}", 0, ImageFont.load_default(48))
    return image


def tiff(path: Path, *pages: Image.Image) -> Source:
    pages[0].save(path, save_all=True, append_images=list(pages[1:]), compression="tiff_lzw")
    return Source(path, path.name)


def options(server: EngineServer, **more: object) -> ReadOptions:
    return ReadOptions(engines=(server.address,), jobs=1, **more)  # type: ignore[arg-type]


def picture_in(body: dict[str, object]) -> Image.Image:
    url = body["messages"][0]["content"][0]["image_url"]["url"]  # type: ignore[index]
    return Image.open(io.BytesIO(base64.b64decode(url.split(",", 1)[1])))


@pytest.mark.usefixtures("plain_workers")
def test_every_page_of_every_document_is_read_in_order_and_blank_ones_are_not_asked_for(tmp_path: Path) -> None:
    blank = Image.new("L", (1240, 1754), 255)
    sources = [
        tiff(tmp_path / "a.tiff", page("Deed"), blank, page("Will")),
        tiff(tmp_path / "b.tiff", page("Lease")),
    ]
    with engine_server(delay=0.5) as server:
        events = list(Run(sources, options(server)))
    told = [(event.source.name, event.page.number) for event in events if isinstance(event, PageDone)]
    assert told == [("a.tiff", 1), ("a.tiff", 2), ("a.tiff", 3), ("b.tiff", 1)]
    pages = [event.page for event in events if isinstance(event, PageDone)]
    assert [page.status for page in pages] == [PageStatus.READ] * 4
    assert [bool(page.blocks) for page in pages] == [True, False, True, True]
    assert pages[1].flags == (Flag.BLANK,)
    assert len([event for event in events if isinstance(event, DocumentDone)]) == 2
    assert len(server.asked) == 3
    assert server.most_at_once > 1


def test_the_model_sees_the_page_upright_within_its_limits_and_not_distorted(tmp_path: Path) -> None:
    big = page("Turned deed", (2480, 3508)).rotate(90, expand=True)
    with engine_server() as server:
        reading = read(tiff(tmp_path / "a.tiff", big).path or "", options(server))
    seen = picture_in(server.asked[0])
    assert reading.pages[0].rotation == 90
    assert max(seen.size) <= 1764
    assert [side % 28 for side in seen.size] == [0, 0]
    assert abs(seen.width / seen.height - 2480 / 3508) < 0.02
    assert server.asked[0]["max_tokens"] < 8192 - (seen.width // 28) * (seen.height // 28)


def test_a_pdfs_own_text_is_used_where_it_is_sane_and_looked_at_when_told_to(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(builders.text_pdf("The harbour was open on 358 days of the year.\n" * 6))
    with engine_server() as server:
        own = read(tmp_path / "a.pdf", options(server))
        assert server.asked == []
        assert "harbour" in own.pages[0].lines[0].text
        from muniment.reading import TextLayerUse

        read(tmp_path / "a.pdf", options(server, text_layer=TextLayerUse.NEVER))
        assert len(server.asked) == 1


def test_an_engine_that_breaks_off_every_answer_costs_no_page(tmp_path: Path) -> None:
    with engine_server(lambda _: None) as server:
        reading = read(tiff(tmp_path / "a.tiff", page("Deed of sale")).path or "", options(server))
    assert reading.pages[0].status is PageStatus.FALLBACK
    assert Flag.FALLBACK in reading.pages[0].flags
    assert "Deed" in " ".join(line.text for line in reading.pages[0].lines)


def test_no_engine_at_the_address_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("muniment.reading.async_vision._PATIENCE", 0.0)
    with pytest.raises(EngineError, match="cannot be used"):
        read(tiff(tmp_path / "a.tiff", page("x")).path or "", ReadOptions(engines=("http://127.0.0.1:9/v1",), jobs=1))


def test_addresses_and_profiles_that_make_no_sense_are_told_before_anything_is_read(tmp_path: Path) -> None:
    source = tiff(tmp_path / "a.tiff", page("x")).path or ""
    with pytest.raises(UsageError, match="no address"):
        read(source, ReadOptions(engines=("embeded",), jobs=1))
    with pytest.raises(UsageError, match="no profile"):
        read(source, ReadOptions(engines=("http://localhost/v1",), profile="nonesuch", jobs=1))


@pytest.mark.usefixtures("plain_workers")
def test_stopping_cancels_what_is_under_way_and_leaves_no_thread(tmp_path: Path) -> None:
    before = {thread.name for thread in threading.enumerate()}
    with engine_server(delay=5.0) as server:
        run = Run([tiff(tmp_path / "a.tiff", *(page(f"Deed {number}") for number in range(3)))], options(server))
        events = iter(run)
        next(events)
        run.close()
        run.close()
    assert {thread.name for thread in threading.enumerate()} <= before


@pytest.mark.usefixtures("plain_workers")
def test_what_one_model_has_read_another_reads_anew_wherever_they_are_served(tmp_path: Path) -> None:
    source = tiff(tmp_path / "a.tiff", page("Deed"))

    def skipped(model: str) -> bool:
        with engine_server() as server, Ledger(tmp_path, "md", place_of) as ledger:
            server.model = model
            events = list(Run([source], options(server), ledger))
        return any(isinstance(event, DocumentSkipped) for event in events)

    def place_of(source: Source) -> Place:
        return Place(source.name, (tmp_path / "a.tiff",))

    assert [skipped(model) for model in ("first", "first", "second", "second")] == [False, True, False, True]


@pytest.mark.usefixtures("plain_workers")
def test_what_goes_wrong_where_nobody_waits_is_not_told_to_the_user(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> str:
        with engine_server() as server:
            run = Run([tiff(tmp_path / "a.tiff", page("Deed"))], options(server))
            events = iter(run)
            next(events)
            run._reader._loop.call_soon_threadsafe(asyncio.Future(loop=run._reader._loop).set_result)  # type: ignore[attr-defined]
            list(events)
        return caplog.text

    assert told() == ""
    monkeypatch.setenv("MUNIMENT_DEBUG", "1")
    assert "Exception in callback" in told(), "the control: something did go wrong"
