"""Documents read by a vLLM that the run starts itself, with a stand-in for vLLM."""

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from muniment.engines.local import server
from muniment.errors import EngineError, UsageError
from muniment.reading import EngineAwaited, EngineNotice, PageDone, PageStatus, ReadOptions, Run
from tests.documents.test_sandbox import namespaces_allowed
from tests.engines.local.making import make_model, make_standin
from tests.reading.conftest import Faults
from tests.reading.test_vision_reader import page, tiff

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's"),
    pytest.mark.skipif(not namespaces_allowed(), reason="this system refuses the namespaces"),
]


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """The stand-in writes what it is told, so this profile tells it what to write."""
    path = tmp_path / "told.toml"
    path.write_text('prompt = "A deed."')
    return path


@pytest.fixture
def options(tmp_path: Path, profile: Path, faults: Faults, monkeypatch: pytest.MonkeyPatch) -> Iterator[ReadOptions]:
    """With workers that take pages for upright, and load no models to see it."""
    faults("")
    with TemporaryDirectory(prefix="t") as folder:
        monkeypatch.setattr("tempfile.tempdir", folder)
        monkeypatch.setattr(server, "GRACE", 0.3)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        yield ReadOptions(
            engines=(f"vllm:{make_model(tmp_path / 'small-model')}",),
            vllm_python=make_standin(tmp_path),
            profile=str(profile),
            jobs=1,
        )
        assert not list(Path(folder).iterdir()), "nothing is left of the server"


def test_every_page_is_read_and_the_start_is_told(
    tmp_path: Path, options: ReadOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muniment.reading.vision_reader._TICK", 0.05)
    events = list(Run([tiff(tmp_path / "a.tiff", page("Deed"), page("Will"))], options))
    assert isinstance(events[0], EngineAwaited)
    assert events[0].what == "vLLM is starting"
    pages = [event.page for event in events if isinstance(event, PageDone)]
    assert [[block.text for block in page.blocks] for page in pages] == [["A deed."], ["A deed."]]  # type: ignore[union-attr]
    assert pages[0].attempts[0].engine == "small-model"


def test_an_engine_that_ends_in_between_costs_no_page_and_is_told(
    tmp_path: Path, options: ReadOptions, profile: Path
) -> None:
    profile.write_text('prompt = "end once"')
    events = list(Run([tiff(tmp_path / "a.tiff", *(page(f"Deed {n}") for n in range(4)))], options))
    pages = [event.page for event in events if isinstance(event, PageDone)]
    assert [page.status for page in pages] == [PageStatus.READ] * 4
    told = [event.what for event in events if isinstance(event, EngineNotice)]
    assert "the pages that it was at are sent again" in told[0]
    assert "started again, in" in told[1]


def test_a_page_that_ends_it_each_time_is_read_by_the_fallback_in_the_end(
    tmp_path: Path, options: ReadOptions, profile: Path
) -> None:
    profile.write_text('prompt = "end"')
    (done,) = [e for e in Run([tiff(tmp_path / "a.tiff", page("Deed of sale"))], options) if isinstance(e, PageDone)]
    assert done.page.status is PageStatus.FALLBACK
    assert [attempt.engine for attempt in done.page.attempts] == ["small-model", "embedded"]
    assert "SIGKILL" in done.page.attempts[0].problem


def test_a_start_that_fails_ends_the_run_and_says_why(tmp_path: Path, options: ReadOptions) -> None:
    from dataclasses import replace

    broken = replace(options, vllm_arguments=("--behave", "die"))
    with pytest.raises(EngineError, match="CUDA out of memory"):
        list(Run([tiff(tmp_path / "a.tiff", page("x"))], broken))


@pytest.mark.parametrize(
    ("engines", "message"),
    [(("vllm:",), "names no model"), (("vllm:/m", "http://localhost/v1"), "Leave out the others")],
)
def test_engines_that_make_no_sense_are_refused_at_once(engines: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Run([], ReadOptions(engines=engines))
