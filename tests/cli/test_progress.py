"""Progress as people see it."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from muniment.cli.progress import LineProgress, QuietProgress, progress_for
from muniment.cli.progress_bar import BarProgress
from muniment.documents import Source
from muniment.errors import NotADocument
from muniment.reading import (
    DocumentDone,
    DocumentFailed,
    DocumentInfo,
    DocumentOpened,
    DocumentSkipped,
    EngineAwaited,
    EngineNotice,
    Event,
    PageDone,
    PageReading,
    PageStatus,
    SandboxWarning,
)

SOURCE = Source(Path("a.pdf"), "[red]a.pdf")
INFO = DocumentInfo("a.pdf", "pdf", 3, "0" * 64)
WARNING = SandboxWarning("it is switched off")
OPENED = DocumentOpened(SOURCE, INFO, (1, 2, 3))
PAGES = [PageDone(SOURCE, PageReading(number=number, status=PageStatus.READ)) for number in (1, 2, 3)]
LOST = PageDone(SOURCE, PageReading(number=4, status=PageStatus.FAILED, problem="a.pdf: page 4 is damaged."))
FAILED = DocumentFailed(SOURCE, NotADocument("b.pdf is empty", "Scan it again."))
EVENTS: list[Event] = [WARNING, OPENED, *PAGES, DocumentDone(SOURCE), FAILED, DocumentSkipped(SOURCE, 3, (), ())]


class Clock:
    """Three seconds pass between any two looks at it."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        self.seconds += 3
        return self.seconds


def test_plain_lines_come_now_and_then() -> None:
    lines: list[str] = []
    with LineProgress(3, clock=Clock(), line=lines.append) as progress:
        for event in EVENTS:
            progress.take(event)
    assert lines[0].startswith("muniment: This system does not let workers shut themselves off")
    assert lines[1:] == [
        "[red]a.pdf: 2 of 3 pages",
        "[1/3] [red]a.pdf: 3 pages",
        "muniment: b.pdf is empty. Scan it again.",
        "[3/3] [red]a.pdf: read before",
    ]


def test_quiet_tells_errors_only(capsys: pytest.CaptureFixture[str]) -> None:
    with QuietProgress() as progress:
        for event in [*EVENTS, LOST]:
            progress.take(event)
    assert capsys.readouterr().err == "muniment: b.pdf is empty. Scan it again.\nmuniment: a.pdf: page 4 is damaged.\n"


def test_a_bar_shows_documents_pages_and_the_name_and_goes_away() -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=120)
    with BarProgress(3, console) as progress:
        for event in EVENTS[:-3]:
            progress.take(event)
    with BarProgress(3, console) as progress:
        for event in EVENTS:
            progress.take(event)
    shown = screen.getvalue()
    assert "0/3 documents 3/3 pages" in shown
    assert "[red]a.pdf" in shown
    assert "b.pdf is empty" in shown
    assert shown.endswith("\x1b[2K")


def test_of_a_long_name_a_narrow_terminal_shows_what_fits_beside_the_counts() -> None:
    screen = io.StringIO()
    long = Source(Path("a.pdf"), "a very long name " * 20)
    with BarProgress(3, Console(file=screen, force_terminal=True, width=60)) as progress:
        progress.take(DocumentOpened(long, INFO, (1, 2, 3)))
    shown = screen.getvalue()
    assert "0/3 documents 0/3 pages" in shown
    assert "a very lo" in shown
    assert "…" in shown


def test_no_bar_where_standard_error_is_no_terminal() -> None:
    assert isinstance(progress_for(1, quiet=False), LineProgress)
    assert type(progress_for(1, quiet=True)) is QuietProgress


def test_the_bar_is_gone_while_results_are_written_to_its_screen() -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=120)
    with BarProgress(1, console, shares_screen=True) as progress:
        progress.take(EVENTS[0])
        with progress.aside():
            screen.write("RESULT\n")
        progress.take(EVENTS[-1])
    before, after = screen.getvalue().split("RESULT\n")
    assert before.rstrip("\r").endswith("\x1b[2K"), "the bar's line was cleared before"
    assert "\x1b[?25h" in before, "the cursor was shown again"
    assert "\u2501" in after, "the bar came back"


def test_waiting_for_an_engine_is_told_when_something_changes_and_less_and_less_often() -> None:
    lines: list[str] = []
    progress = LineProgress(1, line=lines.append)
    for seconds in range(1, 100):
        what = "vLLM is starting" if seconds < 20 else "vLLM is compiling"
        progress.take(EngineAwaited(what, seconds))
    assert lines == [
        "vLLM is starting (5 s)",
        "vLLM is starting (10 s)",
        "vLLM is compiling (20 s)",
        "vLLM is compiling (40 s)",
        "vLLM is compiling (80 s)",
    ]


def test_what_happens_to_an_engine_is_told() -> None:
    lines: list[str] = []
    LineProgress(1, line=lines.append).take(EngineNotice("vLLM was started again."))
    screen = io.StringIO()
    with BarProgress(1, Console(file=screen, force_terminal=True, width=120)) as bar:
        bar.take(EngineAwaited("vLLM is starting", 7.0))
        bar.take(EngineNotice("vLLM was started again."))
    assert lines == ["muniment: vLLM was started again."]
    assert "vLLM is starting (7 s)" in screen.getvalue()
    assert "muniment: vLLM was started again." in screen.getvalue()
