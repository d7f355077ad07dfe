"""The running service keeps to its OpenAPI document, whatever it is sent."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.acceptance.serving import PATIENCE, Serving, new_key, serving

schemathesis = pytest.importorskip("schemathesis", reason="the clients are not installed; `make acceptance` does it")

from muniment.server.openapi.document import openapi  # noqa: E402 - after what it is skipped without

pytestmark = pytest.mark.acceptance

DOCUMENT = schemathesis.openapi.from_dict(dict(openapi()))
DOCUMENT.config.checks.update(
    excluded_check_names=[
        # A schema cannot say that a text is an image, or a model one of those that there are.
        "positive_data_acceptance",
    ]
)


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Serving, dict[str, str]]]:
    """A service that wants a key, and the headers that show it one."""
    folder = tmp_path_factory.mktemp("described")
    key = new_key(folder / "data", "described")
    with serving(folder) as found:
        yield found, {"Authorization": f"Bearer {key}"}


@DOCUMENT.parametrize()
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_answers_are_as_they_are_described(case: Any, keyed: tuple[Serving, dict[str, str]]) -> None:
    service, headers = keyed
    case.call_and_validate(base_url=service.url, headers=headers, timeout=PATIENCE)
    assert "ERROR" not in service.log.read_text()


@pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no Chromium here")
def test_the_page_runs_under_its_policy_in_a_browser(service: Serving, tmp_path: Path) -> None:
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom"]
    done = subprocess.run(
        [*command, f"--user-data-dir={tmp_path}", f"{service.url}/docs"],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert "Content Security Policy" not in done.stderr
    operations = [operation for methods in openapi()["paths"].values() for operation in methods.values()]
    assert len(re.findall(r'<button type="button">Copy</button>', done.stdout)) == len(operations) + 1
