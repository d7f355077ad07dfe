"""Jobs as the tests of them need them."""

import json

from PIL import Image, ImageDraw

from tests.builders import scanned_pdf, text_pdf
from tests.server.serving import Served, until

LETTER = text_pdf("one", "two", "three")


def scan(pages: int) -> bytes:
    """A document that has to be looked at."""
    page = Image.new("L", (240, 320), 255)
    ImageDraw.Draw(page).text((40, 40), "Letter", 0)
    return scanned_pdf(*[page] * pages)


def texts(service: Served, job: str) -> list[tuple[int, str]]:
    """A job's pages: their numbers and their texts."""
    pages = service.client.get(f"/v1/documents/{job}/result", params={"format": "json"}).json()["pages"]
    return [(page["number"], page["blocks"][0]["text"]) for page in pages]


def lines_of(service: Served, job: str) -> list[int]:
    """The numbers of the pages as they were written down."""
    path = service.data / "jobs" / job / "pages.jsonl"
    return [json.loads(line)["number"] for line in path.read_text().splitlines()] if path.exists() else []


def hand_in(service: Served, document: bytes, model: str) -> str:
    until(lambda: model in service.client.get("/v1/models").text or None)
    job: str = service.client.post("/v1/documents", params={"model": model}, content=document).json()["id"]
    return job
