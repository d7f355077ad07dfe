"""A result is shown by a browser under the policy that it comes with."""

import subprocess
from pathlib import Path

import httpx
import pytest

from tests import builders
from tests.acceptance.serving import PATIENCE, Serving
from tests.required import program

pytestmark = pytest.mark.acceptance


def test_a_result_in_html_has_its_style_and_breaks_no_policy(service: Serving, tmp_path: Path) -> None:
    with httpx.Client(base_url=service.url, timeout=PATIENCE) as client:
        job = client.post("/v1/documents", content=builders.text_pdf("The deed of the harbour")).json()["id"]
        assert "event: finished" in client.get(f"/v1/documents/{job}/events").text
    command = [
        program("chromium"),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--enable-logging=stderr",
        "--dump-dom",
    ]
    address = f"{service.url}/v1/documents/{job}/result?format=html"
    done = subprocess.run(
        [*command, f"--user-data-dir={tmp_path}", address], capture_output=True, text=True, timeout=PATIENCE
    )
    assert "Content Security Policy" not in done.stderr
    assert "The deed of the harbour" in done.stdout
