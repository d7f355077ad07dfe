"""The commands as users run them, reading with a real vLLM that they start themselves, or that runs already."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from muniment.engines.local import SealedServer, ServerSettings
from tests.acceptance.test_command import wait_for_pages
from tests.checkpoint import write_checkpoint
from tests.processes import hear_signals
from tests.reading.test_vision_reader import page, tiff

pytestmark = pytest.mark.acceptance

DEED = "# Deed of sale\n\nThe house at No. 5 goes to Ana Müller for € 1,200.\n\n<page_number>1</page_number>"
LONG = "\n".join(f"{number}. The {number}th house goes to heir number {number}." for number in range(1, 41))
TOTAL = "The total is 1,200 euros."
INVOICE = '{"number": "R-17", "total": 1200.5, "lines": [{"what": "Deed", "price": 1200.5}]}'
SCHEMA = {
    "title": "Invoice",
    "type": "object",
    "properties": {
        "number": {"type": "string"},
        "total": {"type": "number"},
        "lines": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"what": {"type": "string"}, "price": {"type": "number"}},
                "required": ["what", "price"],
            },
        },
    },
    "required": ["number", "total", "lines"],
}
EXAMPLES = Path(__file__).parents[2] / "examples" / "documents"
WITHIN = 300


@pytest.fixture(autouse=True)
def small_and_quick(vllm_python: str, cache_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
    monkeypatch.setenv("MUNIMENT_VLLM_PYTHON", vllm_python)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache_home))


def model_that_writes(folder: Path, answer: str) -> tuple[str, ...]:
    """The options that have a vLLM started for it."""
    write_checkpoint(folder / "deeds", answer)
    return ("--engine", f"vllm:{folder / 'deeds'}", "--vllm-arg=--enforce-eager")


def started(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "muniment", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_signals,  # noqa: PLW1509 - it takes no lock
    )


def run(*arguments: object) -> tuple[int, str, str]:
    """How a command ended, and what it told on standard output and standard error."""
    with started(*arguments) as process:
        out, err = process.communicate(timeout=WITHIN)
    return process.returncode, out, err


def deeds(path: Path, count: int) -> Path:
    tiff(path, *(page(f"Deed {number}") for number in range(count)))
    return path


def processes_below(pid: int) -> dict[int, str]:
    """Every process that ``pid`` started, or one of those; number to name."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text()
        except OSError:
            continue
        parents[int(entry.name)] = (int(fields.rsplit(")", 1)[1].split()[1]), fields.split("(")[1].rsplit(")", 1)[0])
    below: dict[int, str] = {}
    while found := {
        child: name for child, (parent, name) in parents.items() if child not in below and parent in {pid, *below}
    }:
        below |= found
    return below


def test_documents_are_read_with_a_vllm_that_is_started_for_them(tmp_path: Path) -> None:
    model = model_that_writes(tmp_path, DEED)
    code, out, err = run("ocr", EXAMPLES, "-o", tmp_path / "out", "--text-layer", "never", "--json", *model)
    assert code == 0, err
    told = json.loads(out)
    assert told["pages"] == 13
    assert all(not document["fallback"] and not document["failed"] for document in told["documents"])
    assert (tmp_path / "out" / "letter.md").read_text() == DEED.replace(
        "<page_number>1</page_number>", "<!-- page number: 1 -->\n"
    )
    assert "vLLM is starting" in err


def test_when_vllm_is_killed_in_mid_run_it_is_started_again_and_every_page_is_read(tmp_path: Path) -> None:
    model = model_that_writes(tmp_path, LONG)
    document = deeds(tmp_path / "deeds.tiff", 32)
    with started("ocr", document, "-o", tmp_path / "out", "--json", "--jobs", 8, *model) as process:
        wait_for_pages(tmp_path / "out", 1, process)
        (engine,) = (pid for pid, name in processes_below(process.pid).items() if name == "VLLM::EngineCor")
        os.kill(engine, signal.SIGKILL)
        out, err = process.communicate(timeout=WITHIN)
    assert process.returncode == 0, err
    (told,) = json.loads(out)["documents"]
    assert (told["pages"], told["fallback"], told["failed"]) == (32, [], [])
    assert "the pages that it was at are sent again" in err
    text = (tmp_path / "out" / "deeds.md").read_text()
    assert text.count("40. The 40th house") == 32
    assert [f"<!-- page {number} -->" in text for number in range(1, 33)] == [True] * 32


@pytest.mark.parametrize("moment", ["starting", "reading"])
def test_interrupting_ends_vllm_at_once_and_leaves_nothing(tmp_path: Path, moment: str) -> None:
    model = model_that_writes(tmp_path, LONG)
    document = deeds(tmp_path / "deeds.tiff", 32)
    with started("ocr", document, "-o", tmp_path / "out", *model) as process:
        if moment == "reading":
            wait_for_pages(tmp_path / "out", 1, process)
        else:
            while "VLLM::EngineCor" not in processes_below(process.pid).values():
                time.sleep(0.1)
        below = processes_below(process.pid)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=WITHIN)
    assert process.returncode == 130, err
    assert err.endswith("muniment: stopped. Run the same command again to go on.\n")
    assert not [pid for pid in below if Path(f"/proc/{pid}").exists()]


@pytest.fixture(scope="module")
def running(
    vllm_python: str, vllm_cache: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[SealedServer]:
    """A vLLM that runs already; its model writes what the tests say. Those that say the same share it."""
    folder = tmp_path_factory.mktemp("running") / "served"
    write_checkpoint(folder, request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
        settings = ServerSettings(model=folder, python=vllm_python, cache=vllm_cache, arguments=("--enforce-eager",))
        with SealedServer(settings) as server:
            yield server


@pytest.mark.parametrize("running", [TOTAL], indirect=True)
def test_a_running_vllm_reads_on_its_socket_and_answers_questions(running: SealedServer, tmp_path: Path) -> None:
    document = deeds(tmp_path / "deeds.tiff", 2)
    assert run("ocr", document, "--engine", running.address, "--format", "txt")[:2] == (
        0,
        f"{TOTAL}\n\f{TOTAL}\n",
    )
    assert run("ask", document, "What is the total?", "--engine", running.address)[:2] == (
        0,
        f"page 1: {TOTAL}\npage 2: {TOTAL}\n",
    )


@pytest.mark.parametrize("running", [INVOICE], indirect=True)
def test_data_is_extracted_in_the_form_of_a_schema(running: SealedServer, tmp_path: Path) -> None:
    (tmp_path / "invoice.schema.json").write_text(json.dumps(SCHEMA))
    document = deeds(tmp_path / "invoice.tiff", 1)
    code, out, err = run("extract", document, "--schema", tmp_path / "invoice.schema.json", "--engine", running.address)
    assert code == 0, err
    assert json.loads(out) == json.loads(INVOICE)


@pytest.mark.parametrize("running", [TOTAL], indirect=True)
def test_the_server_keeps_the_model_to_the_schema_whatever_it_would_write(
    running: SealedServer, tmp_path: Path
) -> None:
    (tmp_path / "one.json").write_text(
        json.dumps({"type": "object", "properties": {"paid": {"type": "boolean"}}, "required": ["paid"]})
    )
    document = deeds(tmp_path / "invoice.tiff", 1)
    _, out, err = run("extract", document, "--schema", tmp_path / "one.json", "--engine", running.address)
    assert json.loads(out) in ({"paid": True}, {"paid": False}, {}), err
    assert "not JSON" not in err
