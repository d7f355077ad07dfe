"""What the service counts of itself, and how things stand, for Prometheus."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from prometheus_client.parser import text_string_to_metric_families

from muniment.server.interfaces import interfaces_up
from tests.builders import scanned_pdf, text_pdf
from tests.documents.test_sandbox import namespaces_allowed
from tests.reading.engine_server import Pieces, engine_server
from tests.required import program
from tests.server.asking import question, url
from tests.server.serving import Served, make_key, served, until, with_plain_workers

DOCUMENT = text_pdf("A letter.", "Its second page.")
SCAN = scanned_pdf(*[Image.effect_noise((240, 320), 80)] * 2)


def told(service: Served, **headers: str) -> dict[str, float]:
    """All samples, by name and the labels' values, as "muniment_page_readings_total embedded read"."""
    families = text_string_to_metric_families(service.client.get("/metrics", headers=headers).text)
    return {
        " ".join((sample.name, *(value for _, value in sorted(sample.labels.items())))): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.mark.parametrize("way", ["at once", "as a job"])
def test_pages_are_counted_by_how_reading_them_ended(
    tmp_path: Path, plain_workers: pytest.MonkeyPatch, way: str
) -> None:
    with_plain_workers(plain_workers, "2:error")
    with served(tmp_path / "data") as service:
        if way == "at once":
            service.client.put("/process", content=DOCUMENT)
        else:
            service.job(service.hand_in(DOCUMENT))
        found = told(service)
    ends = {
        status: found[f"muniment_page_readings_total embedded {status}"] for status in ("read", "fallback", "failed")
    }
    assert ends == {"read": 1, "fallback": 0, "failed": 1}
    assert found["muniment_page_flags_total failed"] == 1
    assert found["muniment_page_seconds_count embedded"] == 2


def test_a_chat_that_the_embedded_engine_answers_counts_its_pages(service: Served, tmp_path: Path) -> None:
    before = told(service).get("muniment_page_readings_total embedded read", 0)
    Image.new("RGB", (60, 40), "white").save(tmp_path / "page.png")
    asked = question("embedded", url((tmp_path / "page.png").read_bytes()))
    assert service.client.post("/v1/chat/completions", json=asked).status_code == 200
    assert told(service)["muniment_page_readings_total embedded read"] == before + 1


@pytest.mark.usefixtures("plain_workers")
def test_pages_are_counted_by_their_flags(tmp_path: Path) -> None:
    with engine_server(lambda _: "") as engine, served(tmp_path / "data", engine.address) as service:
        until(lambda: service.client.get("/v1/models").json()["data"] or None)
        before = told(service)
        assert (before["muniment_page_flags_total fallback"], before["muniment_page_flags_total truncated"]) == (0, 0)
        assert service.client.put("/process", content=SCAN).status_code == 200
        found = told(service)
    assert found["muniment_page_flags_total fallback"] == 2
    assert found["muniment_page_readings_total scripted fallback"] == 2


def test_refusals_are_counted_by_their_code(service: Served) -> None:
    before = told(service).get("muniment_errors_total not_found", 0)
    for path in ("/v1/documents/doc_no", "/nowhere"):
        service.client.get(path)
    assert told(service)["muniment_errors_total not_found"] == before + 2


@pytest.mark.usefixtures("plain_workers")
def test_what_is_beyond_a_keys_limits_is_counted_by_its_id_and_not_its_name(tmp_path: Path) -> None:
    key_id, key = make_key(tmp_path / "data", "Doctor Brown", rate=1, pages_a_day=1)
    _, watching = make_key(tmp_path / "data", "watching")
    with served(tmp_path / "data") as service:
        assert (
            service.client.put("/process", content=DOCUMENT, headers=key).json()["error"]["code"]
            == "page_quota_exceeded"
        )
        assert service.client.get("/v1/models", headers=key).json()["error"]["code"] == "rate_limit_exceeded"
        found = told(service, **watching)
        text = service.client.get("/metrics", headers=watching).text
    for code in ("page_quota_exceeded", "rate_limit_exceeded"):
        assert found[f"muniment_limited_requests_total {key_id} {code}"] == 1
        assert found[f"muniment_errors_total {code}"] == 1
    assert "Brown" not in text


@pytest.mark.usefixtures("plain_workers")
def test_how_long_the_first_piece_of_a_streamed_chat_took_is_told_and_of_no_other(tmp_path: Path) -> None:
    with engine_server(lambda _: "Told.") as engine, served(tmp_path / "data", engine.address) as service:
        until(lambda: service.client.get("/v1/models").json()["data"] or None)
        for stream in (False, True):
            asked = question("scripted", "Tell.", stream=stream)
            assert service.client.post("/v1/chat/completions", json=asked).status_code == 200
        found = told(service)
    assert found["muniment_time_to_first_token_seconds_count scripted"] == 1


@pytest.mark.usefixtures("plain_workers")
def test_a_chat_without_a_first_piece_counts_for_no_wait(tmp_path: Path) -> None:
    with (
        engine_server(lambda _: Pieces([], end="whole")) as engine,
        served(tmp_path / "data", engine.address) as service,
    ):
        until(lambda: service.client.get("/v1/models").json()["data"] or None)
        service.client.post("/v1/chat/completions", json=question("scripted", "Tell.", stream=True))
        assert "muniment_time_to_first_token_seconds_count scripted" not in told(service)


def test_what_the_disk_has_left_and_how_many_engines_there_are_to_be_is_told(service: Served) -> None:
    system = os.statvfs(service.data)
    found = told(service)
    assert found["muniment_data_free_bytes"] == pytest.approx(system.f_bavail * system.f_frsize, rel=0.1)
    assert found["muniment_engines"] == 1


def test_network_interfaces_that_are_up_count_but_for_the_loopback(service: Served) -> None:
    flags = [int(path.read_text(), 16) for path in Path("/sys/class/net").glob("*/flags")]
    up = sum(bool(one & 1) and not one & 8 for one in flags)
    assert interfaces_up() == told(service)["muniment_network_interfaces"] == up


@pytest.mark.skipif(not namespaces_allowed(), reason="this system refuses the namespaces")
def test_without_a_network_there_is_no_interface() -> None:
    script = "from muniment.server.interfaces import interfaces_up; print(interfaces_up())"
    done = subprocess.run(
        ["unshare", "--user", "--net", sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert done.stdout == "0\n"


def test_names_and_types_follow_prometheus_conventions(service: Served) -> None:
    promtool = program("prometheus").replace("prometheus", "promtool")
    text = service.client.get("/metrics").content
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True)
    assert (done.returncode, done.stderr.decode()) == (0, "")
