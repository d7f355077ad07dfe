"""What is kept of requests: a line in the audit for each, and what is counted."""

import re
import threading
from pathlib import Path

import httpx
import pytest
from PIL import Image
from prometheus_client.parser import text_string_to_metric_families

from tests.builders import scanned_pdf, text_pdf
from tests.reading.engine_server import engine_server
from tests.server.asking import url
from tests.server.serving import Served, served, until, with_plain_workers

pytestmark = pytest.mark.usefixtures("plain_workers")

DOCUMENT = text_pdf("A letter.", "Its second page.")
DOCUMENT_ROUTES = [
    *(("PUT", "/process"), ("POST", "/v1/documents"), ("POST", "/v1/files"), ("POST", "/v1/ocr")),
    *(("POST", "/v1/chat/completions"), ("POST", "/v1/completions")),
]


def test_a_document_that_is_read_at_once(service: Served) -> None:
    answer = service.client.put("/process", content=DOCUMENT)
    line = service.line_of(answer)
    assert answer.status_code == 200
    assert (line["route"], line["status"], line["outcome"]) == ("/process", 200, "ok")
    assert (line["pages"], line["bytes_in"], line["key_id"]) == (2, len(DOCUMENT), None)
    assert (line["prompt_tokens"], line["completion_tokens"]) == (0, 0)
    assert re.fullmatch("[0-9a-f]{32}", line["document"])
    again = service.client.put("/process", content=DOCUMENT)
    assert service.line_of(again)["document"] == line["document"]


def test_a_request_without_a_document(service: Served) -> None:
    line = service.line_of(service.client.get("/v1/documents/doc_no"))
    assert (line["route"], line["status"], line["outcome"]) == ("/v1/documents/{id}", 404, "refused")
    assert (line["pages"], line["bytes_in"], line["document"]) == (0, 0, None)


def test_there_is_one_line_for_each_request(service: Served) -> None:
    before = service.audited()
    for path in ("/health", "/nowhere", "/v1/models"):
        service.client.get(path)
    routes = [line["route"] for line in service.audit(3, since=before)]
    assert routes == ["/health", None, "/v1/models"]


def test_unwritable_it_refuses_documents_and_nothing_else(tmp_path: Path) -> None:
    with served(tmp_path / "data") as service:
        job = service.hand_in(DOCUMENT)
        service.job(job)
        log = service.data / "audit.jsonl"
        log.rename(service.data / "kept.jsonl")
        log.mkdir()
        ready = service.client.get("/ready")
        assert (ready.status_code, ready.json()["problem"].partition(":")[0]) == (
            503,
            "documents are refused, as the audit log cannot be written",
        )
        for method, path in DOCUMENT_ROUTES:
            refused = service.client.request(method, path, content=DOCUMENT)
            assert (refused.status_code, refused.json()["error"]["code"]) == (503, "audit_unavailable")
            assert "retry-after" in refused.headers
        for path in ("/health", "/v1/models", "/v1/documents", f"/v1/documents/{job}/result", "/metrics"):
            assert service.client.get(path).status_code == 200
        assert service.client.delete(f"/v1/documents/{job}").status_code == 204
        log.rmdir()
        taken = service.client.put("/process", content=DOCUMENT)
        assert taken.status_code == 200
        assert service.line_of(taken)["status"] == 200
        refusals = [line["route"] for line in service.audit(13) if line["status"] == 503]
        # An answer may be there before its line, and the next request's line before that.
        assert sorted(refusals) == sorted(["/ready", *(path for _, path in DOCUMENT_ROUTES)]), "they were kept"


def test_metrics_count_by_route_and_outcome(service: Served) -> None:
    service.client.get("/v1/documents/doc_no")
    service.client.put("/process", content=DOCUMENT)

    def counted() -> httpx.Response | None:
        answer = service.client.get("/metrics")
        wanted = 'muniment_requests_total{outcome="refused",route="/v1/documents/{id}",status="404"}'
        return answer if wanted in answer.text and 'muniment_pages_total{route="/process"}' in answer.text else None

    assert until(counted).headers["content-type"].startswith("text/plain")


def tokens(service: Served) -> dict[str, float]:
    """What engines counted, by kind."""
    families = text_string_to_metric_families(service.client.get("/metrics").text)
    return {
        sample.labels["kind"]: sample.value
        for family in families
        for sample in family.samples
        if sample.name == "muniment_tokens_total"
    }


def test_tokens_of_pages_are_counted_of_requests_in_the_audit_too(tmp_path: Path) -> None:
    """The engine counts 7 and 3 for each page that it looks at."""
    scan = scanned_pdf(*[Image.effect_noise((240, 320), 80)] * 2)
    told = {"type": "document_url", "document_url": url(scan, "application/pdf")}
    with engine_server() as engine, served(tmp_path / "data", engine.address) as service:
        until(lambda: service.client.get("/v1/models").json()["data"] or None)
        answers = service.client.put("/process", content=scan), service.client.post("/v1/ocr", json={"document": told})
        for answer in answers:
            assert answer.status_code == 200
            line = service.line_of(answer)
            assert (line["pages"], line["prompt_tokens"], line["completion_tokens"]) == (2, 14, 6)
        until(lambda: tokens(service) == {"prompt": 28, "completion": 12} or None)
        job = service.client.post("/v1/documents", content=scan)
        service.job(job.json()["id"])
        assert tokens(service) == {"prompt": 42, "completion": 18}
        assert service.line_of(job)["prompt_tokens"] == 0, "it was answered before a page was read"


def gauges(service: Served) -> dict[str, float]:
    """The numbers of the service that have a name of their own."""
    families = text_string_to_metric_families(service.client.get("/metrics").text)
    return {
        " ".join((sample.name, *sample.labels.values())): sample.value
        for family in families
        if family.type == "gauge"
        for sample in family.samples
    }


def test_metrics_tell_how_things_stand(tmp_path: Path, plain_workers: pytest.MonkeyPatch) -> None:
    with_plain_workers(plain_workers, "2:hang")
    with served(tmp_path / "data", jobs=2) as service:  # one hangs at the first document; the other opens the second
        service.hand_in(text_pdf("one"))
        until(lambda: gauges(service)["muniment_jobs done"] or None)
        for _ in range(2):
            service.hand_in(text_pdf("one", "two", "three"))

        def at_work() -> dict[str, float] | None:
            told = gauges(service)
            is_so = (told["muniment_jobs reading"], told["muniment_at_work"]) == (2, 2)
            return told if is_so and told["muniment_queue_length"] else None

        told = until(at_work)
        assert (told["muniment_jobs done"], told["muniment_jobs failed"]) == (1, 0)
        assert (told["muniment_ready"], told["muniment_audit_writable"]) == (0, 1)
        log = service.data / "audit.jsonl"
        log.unlink()
        log.mkdir()
        assert gauges(service)["muniment_audit_writable"] == 0


def test_engines_are_asked_what_they_count_all_at_once(tmp_path: Path) -> None:
    both = threading.Barrier(2)

    def count() -> int:
        both.wait(3)
        return 3

    with engine_server() as one, engine_server() as other:
        one.model, other.model = "one", "other"
        one.count = other.count = count
        with served(tmp_path / "data", one.address, other.address) as service:
            until(lambda: len(service.client.get("/v1/models").json()["data"]) == 2 or None)
            assert service.client.get("/metrics").text.count("vllm:requests{") == 2
