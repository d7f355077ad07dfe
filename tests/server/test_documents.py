"""Documents handed in: what is taken and what is not, and results in every form."""

import asyncio
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Semaphore
from typing import Any

import pytest
from fpdf import FPDF
from PIL import Image

from muniment.engines.image import EncodedImage
from muniment.server import service as service_module
from muniment.server.caps import Caps
from muniment.server.models import Models
from tests.builders import page_picture, pdf_bytes, png_claiming, scanned_pdf, text_pdf
from tests.reading.engine_server import engine_server
from tests.server.serving import Served, served, until, with_plain_workers, without_canary

LETTER = text_pdf("one", "two", "three")


@pytest.fixture(scope="module")
def letter(service: Served) -> str:
    """A document of three pages that was read."""
    job = service.hand_in(LETTER)
    service.job(job)
    return job


def error(answer: Any) -> tuple[int, str | None, str | None]:
    told = answer.json()["error"]
    return answer.status_code, told["code"], told["param"]


def test_a_document_handed_in_is_a_job_that_is_found_where_the_answer_says(service: Served) -> None:
    answer = service.client.post("/v1/documents", content=LETTER, headers={"x-filename": "a%20letter.pdf"})
    told = answer.json()
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/v1/documents/{told['id']}"
    assert (told["name"], told["kind"], told["page_count"]) == ("a letter.pdf", "pdf", 3)
    assert (told["model"], told["object"], told["pages"]["asked"]) == ("embedded", "document", 3)
    done = service.job(told["id"])
    assert done["pages"] == {"asked": 3, "done": 3, "fallback": [], "failed": []}
    assert told["created_at"] <= done["finished_at"] < done["expires_at"]
    line = service.line_of(answer)
    assert (line["pages"], line["bytes_in"], line["route"]) == (3, len(LETTER), "/v1/documents")


def test_a_form_does_as_well_and_holds_more_wishes(service: Served) -> None:
    answer = service.client.post(
        "/v1/documents",
        files={"file": ("../folder/b.pdf", LETTER, "application/pdf")},
        data={"pages": "3,1", "model": "embedded"},
    )
    assert answer.json()["name"] == "b.pdf"
    assert answer.json()["pages"]["asked"] == 2
    told = service.job(answer.json()["id"])
    pages = service.client.get(f"/v1/documents/{told['id']}/result", params={"format": "json"}).json()["pages"]
    assert [page["number"] for page in pages] == [1, 3]


@pytest.mark.parametrize(
    ("content", "params", "expected"),
    [
        (b"no document", {}, (422, "unreadable_document", None)),
        (b"%PDF-1.7 and then nothing", {}, (422, "unreadable_document", None)),
        (b"", {}, (400, None, "file")),
        (LETTER, {"pages": "9"}, (400, None, "pages")),
        (LETTER, {"pages": "two"}, (400, None, "pages")),
        (LETTER, {"model": "gpt"}, (404, "model_not_found", "model")),
        (LETTER, {"colour": "red"}, (400, "unknown_parameter", "colour")),
        (text_pdf("x", password="secret"), {}, (422, "password_needed", None)),
        (png_claiming(60_000, 60_000), {}, (413, "document_too_large", None)),
    ],
)
def test_what_cannot_be_read_is_refused_and_leaves_nothing(
    service: Served, content: bytes, params: dict[str, str], expected: tuple[int, str, str]
) -> None:
    before = sorted((service.data / "jobs").iterdir())
    answer = service.client.post("/v1/documents", content=content, params=params)
    assert error(answer) == expected
    assert sorted((service.data / "jobs").iterdir()) == before
    assert service.line_of(answer)["outcome"] == "refused"


@pytest.mark.usefixtures("plain_workers")
def test_more_pages_than_a_document_may_have_are_refused(tmp_path: Path) -> None:
    with served(tmp_path / "data", caps=Caps(document_pages=2, ocr_pages=2)) as small:
        refused = small.client.post("/v1/documents", content=LETTER)
        assert error(refused) == (413, None, "pages")
        assert "3 pages are asked for, and at most 2 are read at a time" in refused.json()["error"]["message"]
        assert "'pages' as 1-2, then from 3 on" in refused.json()["error"]["message"]
        assert small.client.put("/process", content=LETTER).status_code == 413
        assert small.client.post("/v1/documents", content=LETTER, params={"pages": "1-2"}).status_code == 202


def listed(service: Served, **params: str | int) -> tuple[list[str], bool]:
    """The ids of the documents in a list, and whether there are more."""
    told = service.client.get("/v1/documents", params=params).json()
    return [job["id"] for job in told["data"]], told["has_more"]


@pytest.mark.usefixtures("plain_workers")
def test_jobs_are_listed_newest_first_and_page_by_page(tmp_path: Path) -> None:
    with served(tmp_path / "data") as service:
        jobs = [service.hand_in(LETTER, f"{number}.pdf") for number in range(4)][::-1]
        assert listed(service) == (jobs, False)
        assert listed(service, limit=3) == (jobs[:3], True)
        assert listed(service, limit=3, after=jobs[2]) == (jobs[3:], False)
        assert listed(service, limit=2, after=jobs[1]) == (jobs[2:], False), "whose last page is a full one"
        assert listed(service, after=jobs[3]) == ([], False)
        assert listed(service, limit=0) == (jobs[:1], True)
        assert error(service.client.get("/v1/documents", params={"limit": "many"}))[0] == 400
        assert error(service.client.get("/v1/documents", params={"after": "doc_0"}))[0] == 404


def test_to_list_documents_no_page_is_looked_at(tmp_path: Path, plain_workers: pytest.MonkeyPatch) -> None:
    """There may be a hundred with two thousand pages each, and meanwhile nobody else is served."""
    with_plain_workers(plain_workers, "2:error,3:error:best")
    with served(tmp_path / "data") as service:
        job = service.hand_in(LETTER)
        told = service.job(job)
        assert (told["pages"]["done"], told["pages"]["fallback"]) == (3, [3])
    with served(tmp_path / "data") as service:
        (service.data / "jobs" / job / "pages.jsonl").unlink()
        assert service.client.get("/v1/documents").json()["data"] == [told]
        assert service.client.get(f"/v1/documents/{job}").json() == told


@pytest.mark.parametrize(
    ("form", "kind", "sign"),
    [
        ("md", "text/markdown; charset=utf-8", "page 2"),
        ("json", "application/json", '"number":2'),
        ("html", "text/html; charset=utf-8", "<p>page 2</p>"),
        ("txt", "text/plain; charset=utf-8", "page 2"),
        ("csv", "text/csv; charset=utf-8", ""),
    ],
)
def test_a_result_comes_in_every_format(service: Served, letter: str, form: str, kind: str, sign: str) -> None:
    answer = service.client.get(f"/v1/documents/{letter}/result", params={"format": form})
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    assert sign in answer.text.replace('": ', '":')


@pytest.mark.usefixtures("plain_workers")
def test_a_result_as_csv_has_the_rows_of_each_pages_tables(tmp_path: Path) -> None:
    def say(number: int) -> str:
        table = "| item | price |\n| --- | --- |\n| tea, green | -3.50 |\n| =1+1 | ä |"
        return table if number == 0 else f"Only text.\n\n{table}\n\nAnd\n\n| one |\n| --- |"

    with engine_server(say) as engine, served(tmp_path / "data", engine.address, requests=1) as service:
        until(lambda: "scripted" in service.client.get("/v1/models").text or None)
        job = service.client.post("/v1/documents", content=scanned_pdf(*[page_picture()] * 2)).json()["id"]
        service.job(job)
        answer = service.client.get(f"/v1/documents/{job}/result", params={"format": "csv"})
    rows = ["{},1,item,price", '{},1,"tea, green",-3.50', "{},1,'=1+1,ä"]
    first, second = ([row.format(number) for row in rows] for number in (1, 2))
    lines = ["page,table,cells", *first, *second, "2,2,one", ""]
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.decode() == "\r\n".join(lines)


def test_a_result_is_markdown_if_nothing_is_said_and_the_same_each_time(service: Served, letter: str) -> None:
    first, second = (service.client.get(f"/v1/documents/{letter}/result") for _ in range(2))
    assert first.headers["content-type"].startswith("text/markdown")
    assert first.content == second.content
    assert [line for line in first.text.splitlines() if line.startswith("page")] == ["page 1", "page 2", "page 3"]


@pytest.mark.parametrize(("params", "param"), [({"format": "docx"}, "format"), ({"furniture": "burn"}, "furniture")])
def test_a_form_that_there_is_not_is_refused(service: Served, letter: str, params: dict[str, str], param: str) -> None:
    assert error(service.client.get(f"/v1/documents/{letter}/result", params=params))[::2] == (400, param)


def test_a_result_is_not_there_before_all_pages_are(tmp_path: Path, plain_workers: pytest.MonkeyPatch) -> None:
    plain_workers.setenv("FAULTS", "2:hang")
    with served(tmp_path / "data") as slow:
        job = slow.hand_in(LETTER)
        page = until(
            lambda: answer if (answer := slow.client.get(f"/v1/documents/{job}/pages/1")).status_code == 200 else None
        )
        assert page.json()["blocks"][0]["text"] == "page 1"
        assert error(slow.client.get(f"/v1/documents/{job}/result"))[:2] == (409, "not_finished")
        assert slow.client.get(f"/v1/documents/{job}/pages/2").status_code == 404


def test_a_pages_reading_is_what_the_result_has(service: Served, letter: str) -> None:
    whole = service.client.get(f"/v1/documents/{letter}/result", params={"format": "json"}).json()
    for page in whole["pages"]:
        assert service.client.get(f"/v1/documents/{letter}/pages/{page['number']}").json() == page


@pytest.mark.parametrize("number", ["0", "4", "99999999999999999999", "-1", "one", "1.0"])
def test_a_page_that_there_is_not_is_nowhere(service: Served, letter: str, number: str) -> None:
    for rest in ("", "/image"):
        assert service.client.get(f"/v1/documents/{letter}/pages/{number}{rest}").status_code == 404


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    def say(number: int) -> str:
        return f"Report of the Trust\n\n{'word ' * (number + 1)}text\n\nMore {'x' * number}.\n\nAnd {'y' * number}."

    data = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch, engine_server(say) as engine:
        with_plain_workers(patch)
        without_canary(patch)
        with served(data, engine.address) as service:
            until(lambda: "scripted" in service.client.get("/v1/models").text or None)
            document = scanned_pdf(*[page_picture()] * 4)
            job = service.client.post("/v1/documents", content=document).json()["id"]
            service.job(job)
            place = f"/v1/documents/{job}/result"
            yield {
                wish: service.client.get(place, params={"furniture": wish}).text for wish in ("keep", "mark", "drop")
            } | {"": service.client.get(place).text}


class TestFurniture:
    """What recurs at the edges of a model's pages, told apart when a result is asked for."""

    def test_it_is_kept_marked_or_dropped_as_wished(self, results: dict[str, str]) -> None:
        head = "Report of the Trust"
        assert results["keep"].count(f"\n{head}\n") >= 3
        assert results["mark"].count(head) == 4
        assert results["mark"].count(f"\n{head}\n") == 0
        assert head not in results["drop"]

    def test_it_is_marked_if_nothing_is_said(self, results: dict[str, str]) -> None:
        assert results[""] == results["mark"]


@pytest.fixture(scope="module")
def half_blank(service: Served) -> str:
    def draw(pdf: FPDF) -> None:
        pdf.add_page()
        pdf.text(72, 72, "A letter")
        pdf.add_page()  # blank

    return service.hand_in(pdf_bytes(draw))


class TestImages:
    """Pages as they were looked at."""

    @pytest.mark.parametrize("number", [1, 2])
    def test_a_page_is_shown_also_a_blank_one(self, service: Served, half_blank: str, number: int) -> None:
        answer = service.client.get(f"/v1/documents/{half_blank}/pages/{number}/image")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
        image = Image.open(io.BytesIO(answer.content))
        assert image.height > image.width > 500
        darkest = image.convert("L").getextrema()[0]
        assert darkest < 100 if number == 1 else darkest > 250  # type: ignore[operator]

    def test_a_page_that_was_not_asked_for_is_shown_too(self, service: Served) -> None:
        answer = service.client.post("/v1/documents", content=LETTER, params={"pages": "1"})
        job = answer.json()["id"]
        assert service.client.get(f"/v1/documents/{job}/pages/3/image").status_code == 200
        service.job(job)
        assert service.client.get(f"/v1/documents/{job}/pages/3").status_code == 404

    def test_only_a_few_are_made_at_once_and_whoever_is_too_many_is_told_at_once(
        self, tmp_path: Path, plain_workers: pytest.MonkeyPatch
    ) -> None:
        plain_workers.setattr(service_module, "_SHOWN_AT_ONCE", 1)
        plain_workers.setattr(service_module, "_SHOWN_WAITING", 1)
        real, begun, may_end = Models.picture, Semaphore(0), Event()

        async def held_up(*asked: Any) -> EncodedImage:
            begun.release()
            while not may_end.is_set():
                await asyncio.sleep(0.01)
            return await real(*asked)

        plain_workers.setattr(Models, "picture", held_up)
        with served(tmp_path / "data") as service, ThreadPoolExecutor(4) as clients:
            place = f"/v1/documents/{service.hand_in(LETTER)}/pages/1/image"
            asked = [clients.submit(service.client.get, place) for _ in range(4)]
            assert begun.acquire(timeout=60)
            refused = until(lambda: found if len(found := [one for one in asked if one.done()]) == 2 else None)
            for answer in refused:
                assert error(answer.result())[:2] == (503, "queue_full")
                assert "retry-after" in answer.result().headers
            assert not begun.acquire(blocking=False), "another waits for its turn"
            may_end.set()
            assert sorted(answer.result().status_code for answer in asked) == [200, 200, 503, 503]
            assert service.client.get(place).status_code == 200


class TestProcess:
    """Open WebUI's document loader."""

    def test_each_page_is_an_object(self, service: Served) -> None:
        answer = service.client.put("/process", content=LETTER, headers={"x-filename": "..%2Fa%0Ab.pdf"})
        pages = answer.json()
        assert [page["page_content"] for page in pages] == ["page 1", "page 2", "page 3"]
        assert pages[1]["metadata"] == {"source": "ab.pdf", "page": 2, "pages": 3, "status": "read", "flags": []}

    def test_what_is_no_document_is_refused(self, service: Served) -> None:
        assert error(service.client.put("/process", content=b"nothing"))[:2] == (422, "unreadable_document")
        assert service.client.put("/process", content=b"").status_code == 422

    def test_the_model_may_be_chosen(self, service: Served) -> None:
        assert service.client.put("/process", params={"model": "embedded"}, content=LETTER).status_code == 200
        assert error(service.client.put("/process", params={"model": "x"}, content=LETTER))[1] == "model_not_found"
