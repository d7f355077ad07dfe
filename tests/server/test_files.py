"""Files that are kept for a later request."""

from pathlib import Path
from typing import Any

import pytest

from muniment.server.files import FileStore, StoredFile
from muniment.server.store import Database
from tests.builders import text_pdf
from tests.server.serving import Served, served

LETTER = text_pdf("one", "two", "three")


def error(answer: Any) -> tuple[int, str | None, str | None]:
    told = answer.json()["error"]
    return answer.status_code, told["code"], told["param"]


def upload(service: Served, content: bytes = LETTER, name: str = "a.pdf") -> dict[str, Any]:
    answer = service.client.post("/v1/files", files={"file": (name, content)}, data={"purpose": "ocr"})
    assert answer.status_code == 200
    told: dict[str, Any] = answer.json()
    return told


def test_one_that_is_uploaded_is_shown_listed_named_and_removed(service: Served) -> None:
    file = upload(service)
    place = f"/v1/files/{file['id']}"
    assert (file["filename"], file["bytes"], file["purpose"]) == ("a.pdf", len(LETTER), "ocr")
    assert service.client.get(place).json() == file
    assert file in service.client.get("/v1/files").json()["data"]
    assert service.client.get(f"{place}/url").json()["url"].endswith(file["id"])
    content = service.data / "files" / file["id"] / "content"
    assert content.read_bytes() == LETTER
    assert service.client.delete(place).json()["deleted"]
    assert service.client.get(place).status_code == 404
    assert not content.parent.exists()


@pytest.mark.usefixtures("plain_workers")
def test_they_are_listed_as_openais_clients_ask_for_them_and_as_mistrals_do(tmp_path: Path) -> None:
    with served(tmp_path / "data") as service:
        files = [upload(service, name=f"{number}.pdf")["id"] for number in range(4)][::-1]

        def listed(**params: str | int) -> tuple[list[str], bool, int]:
            told = service.client.get("/v1/files", params=params).json()
            return [file["id"] for file in told["data"]], told["has_more"], told["total"]

        assert listed() == (files, False, 4)
        assert listed(limit=3) == (files[:3], True, 4)
        assert listed(limit=3, after=files[2]) == (files[3:], False, 4)
        assert listed(limit=2, after=files[1]) == (files[2:], False, 4), "whose last page is a full one"
        assert listed(after=files[3]) == ([], False, 4)
        assert listed(order="asc", limit=2) == (files[:1:-1], True, 4)
        assert listed(order="asc", after=files[2]) == (files[1::-1], False, 4)
        assert listed(purpose="ocr", limit=0) == (files[:1], True, 4)

        assert listed(page=0, page_size=3, include_total="true") == (files[:3], True, 4), "Mistral's"
        assert listed(page=1, page_size=3) == (files[3:], False, 4)
        assert listed(page=2, page_size=3) == ([], False, 4)


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"limit": "many"}, (400, None, "limit")),
        ({"page": "first"}, (400, None, "page")),
        ({"order": "random"}, (400, None, "order")),
        ({"purpose": "batch"}, (400, None, "purpose")),
        ({"include_total": "null"}, (400, None, "include_total")),
        ({"search": "letter"}, (400, "unknown_parameter", None)),
        ({"after": "file_0"}, (404, "not_found", "file_id")),
    ],
)
def test_a_list_that_cannot_be_given_is_refused(
    service: Served, params: dict[str, str], expected: tuple[int, str, str]
) -> None:
    assert error(service.client.get("/v1/files", params=params)) == expected


def test_files_of_one_moment_are_listed_page_by_page_too(database: Database, tmp_path: Path) -> None:
    store, mine = FileStore(database, tmp_path / "files"), set()
    for _ in range(5):
        with store.coming() as file_id:
            store.add(StoredFile(file_id, "key_a", "a.pdf", 1, 5.0))
            mine.add(file_id)
    for oldest_first in (True, False):
        found: list[StoredFile] = []
        while more := store.of_owner("key_a", 2, found[-1] if found else None, oldest_first=oldest_first):
            found += more
        assert [len(found), {file.id for file in found}] == [5, mine]


def test_a_form_without_a_file_leaves_nothing(service: Served) -> None:
    before = sorted((service.data / "files").iterdir())
    assert service.client.post("/v1/files", files={"purpose": (None, "ocr")}).status_code == 400
    assert service.client.post("/v1/files", files={"file": b"x"}, data={"colour": "red"}).status_code == 400
    assert sorted((service.data / "files").iterdir()) == before


def test_it_is_read_by_its_id_and_by_what_stands_for_its_address(service: Served) -> None:
    file = upload(service)
    url = service.client.get(f"/v1/files/{file['id']}/url").json()["url"]
    for document in ({"type": "file", "file_id": file["id"]}, {"type": "document_url", "document_url": url}):
        answer = service.client.post("/v1/ocr", json={"document": document})
        assert [page["markdown"] for page in answer.json()["pages"]] == ["page 1", "page 2", "page 3"]
        assert answer.json()["usage_info"] == {"pages_processed": 3, "doc_size_bytes": len(LETTER)}


def test_only_what_is_there_can_be_read(service: Served) -> None:
    for file_id in ("file_0", "../keys", ""):
        document = {"type": "file", "file_id": file_id}
        assert service.client.post("/v1/ocr", json={"document": document}).status_code == 404
