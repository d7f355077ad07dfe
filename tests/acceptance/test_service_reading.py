"""What the service says of documents is what stands on them, whichever engine reads."""

import json
from collections.abc import Iterator

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from muniment.engines.local import SealedServer
from tests.acceptance.serving import PATIENCE, Serving
from tests.acceptance.slips import MISREAD, Slips, halved, misread, scan
from tests.reading_model import Slip
from tests.server.asking import question, url
from tests.server.serving import until

pytestmark = pytest.mark.acceptance

GENERATED = "vllm:generation_tokens_total"
OURS = "muniment_tokens_total completion"


@pytest.fixture
def client(either: Serving) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=either.url, timeout=PATIENCE, trust_env=False) as found:
        yield found


def test_a_job_tells_of_each_page_and_gives_what_stands_there_in_every_form(client: httpx.Client, slips: Slips) -> None:
    shown = [slips.note, slips.boxes, slips.note, slips.boxes]
    files = {"file": ("Übersicht.pdf", scan(*shown))}
    job = f"/v1/documents/{client.post('/v1/documents', files=files).json()['id']}"
    told = [line for line in client.get(f"{job}/events").text.splitlines() if line.startswith("data: ")]
    done = [json.loads(line.removeprefix("data: "))["pages"]["done"] for line in told]
    assert done == sorted(done)
    assert done[-1] == len(shown)
    for number, slip in enumerate(shown, 1):
        page = client.get(f"{job}/pages/{number}").json()
        assert (page["number"], page["status"]) == (number, "read")
        assert client.get(f"{job}/pages/{number}/image").headers["content-type"] == "image/jpeg"
        headings = [block["text"] for block in page["blocks"] if block["kind"] == "heading"]
        assert headings == (["Drying of paper"] if slip is slips.note else [])
    forms = {form: client.get(f"{job}/result", params={"format": form}) for form in ("md", "json", "html", "txt")}
    assert [page["number"] for page in forms["json"].json()["pages"]] == [1, 2, 3, 4]
    assert misread(Slip(b"", "\n\n".join(slip.text for slip in shown)), forms["md"].text) <= MISREAD
    for form in ("html", "txt"):
        assert forms[form].text.count("Drying of paper") == 2
    assert client.delete(job).status_code == httpx.codes.NO_CONTENT


def test_a_loader_gets_an_object_a_page(client: httpx.Client, slips: Slips) -> None:
    shown = (slips.note, slips.boxes)
    pages = client.put("/process", content=scan(*shown), headers={"X-Filename": "slips.pdf"}).json()
    assert [page["metadata"]["page"] for page in pages] == [1, 2]
    for page, slip in zip(pages, shown, strict=True):
        assert page["metadata"]["source"] == "slips.pdf"
        assert misread(slip, page["page_content"]) <= MISREAD


def test_it_is_ready_as_its_model_read_the_canary_itself(client: httpx.Client, either: Serving) -> None:
    answer = client.get("/ready")
    assert answer.status_code == httpx.codes.OK
    assert [(seen["model"], seen["read"], seen["problem"]) for seen in answer.json()["canary"]] == [
        (either.model, True, "")
    ]
    assert "does not read" not in either.log.read_text()


def counted(service: Serving) -> dict[str, float]:
    """What the service counts, and the engine: by the sample's name and kind, those of other labels added up."""
    told: dict[str, float] = {}
    for family in text_string_to_metric_families(httpx.get(f"{service.url}/metrics", timeout=PATIENCE).text):
        for sample in family.samples:
            name = " ".join([sample.name, *filter(None, [sample.labels.get("kind")])])
            told[name] = told.get(name, 0.0) + sample.value
    return told


def test_what_the_engine_counts_is_told_beside_what_the_service_does(
    vllm_service: Serving, reading_vllm: SealedServer, slips: Slips
) -> None:
    asked = question(vllm_service.model, url(halved(slips.note)), temperature=0, stream=True)
    before = counted(vllm_service)
    assert httpx.post(f"{vllm_service.url}/v1/chat/completions", json=asked, timeout=PATIENCE).is_success
    after = until(lambda: now if (now := counted(vllm_service))[OURS] > before[OURS] else None)
    # The canary comes on top now and then.
    assert 90 < after[OURS] - before[OURS] <= after[GENERATED] - before[GENERATED]
    told = httpx.get(f"{vllm_service.url}/metrics", timeout=PATIENCE).text
    assert f'muniment_engine="{reading_vllm.address}"' in told
