"""``muniment ask``: answers with their pages."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

import muniment
from muniment.cli.ending import run
from muniment.errors import ExitCode
from tests.reading.engine_server import EngineServer, engine_server
from tests.reading.test_vision_reader import page, picture_in, tiff

Captured = pytest.CaptureFixture[str]


WIDTHS = (1232, 1204, 1176)
"""Pixels, one a page of ``deeds``: a request does not tell its page otherwise, and they come in any order."""


def ask(*arguments: object, answers: Sequence[str] = ("Ana Müller",) * 3) -> tuple[ExitCode, EngineServer]:
    """Ask a model that answers each page its own."""

    def say(number: int) -> str:
        return answers[WIDTHS.index(picture_in(server.asked[number]).width)]

    with engine_server(say) as server:
        return run(["ask", *map(str, arguments), "--engine", server.address, "--quiet"]), server


@pytest.fixture
def deeds(tmp_path: Path) -> Path:
    tiff(tmp_path / "deeds.tiff", *(page("Deed", (width, 1600)) for width in WIDTHS))
    return tmp_path / "deeds.tiff"


def test_each_answer_stands_behind_its_page(deeds: Path, capsys: Captured) -> None:
    answers = ("Ana Müller", "Not mentioned.", "Two people:\nAna\n\nJo")
    code, server = ask(deeds, "Who signs?", answers=answers)
    assert code is ExitCode.OK
    assert capsys.readouterr().out == "page 1: Ana Müller\npage 3: Two people:\n    Ana\n\n    Jo\n"
    assert server.asked[0]["messages"][0]["content"][1]["text"] == "Who signs?"


def test_a_document_that_does_not_tell_is_answered_so(deeds: Path, capsys: Captured) -> None:
    code, _ = ask(deeds, "Who signs?", answers=["Not mentioned."] * 3)
    assert code is ExitCode.OK
    assert capsys.readouterr().out == "Not mentioned.\n"


def test_only_the_pages_named_are_asked(deeds: Path, capsys: Captured) -> None:
    _, server = ask(deeds, "Who?", "--pages", "2")
    assert capsys.readouterr().out == "page 2: Ana Müller\n"
    assert len(server.asked) == 1


def test_of_several_documents_each_line_names_its_own(tmp_path: Path, deeds: Path, capsys: Captured) -> None:
    tiff(tmp_path / "note.tiff", page("Note", (WIDTHS[0], 1600)))
    ask(tmp_path, "Who?", "--pages", "1")
    assert capsys.readouterr().out == "deeds.tiff: page 1: Ana Müller\nnote.tiff: page 1: Ana Müller\n"
    assert deeds.exists()


def test_as_json_for_programs(deeds: Path, capsys: Captured) -> None:
    ask(deeds, "Who?", "--json", answers=("Ana", "Not mentioned.", "Jo"))
    told = json.loads(capsys.readouterr().out)
    assert len(told.pop("sha256")) == 64
    assert told == {
        "document": "deeds.tiff",
        "question": "Who?",
        "pages": [1, 2, 3],
        "answers": [{"page": 1, "answer": "Ana"}, {"page": 3, "answer": "Jo"}],
        "failed": [],
    }


def test_a_page_that_got_no_answer_is_told_and_is_no_page_that_does_not_tell(deeds: Path, capsys: Captured) -> None:
    code, _ = ask(deeds, "Who?", "--pages", "1", answers=[""])
    told = capsys.readouterr()
    assert code is ExitCode.NOTHING_READ
    assert told.out == ""
    assert told.err == "muniment: deeds.tiff: page 1 got no answer: the model wrote nothing\n"


def test_the_embedded_engine_cannot_be_asked(deeds: Path, capsys: Captured) -> None:
    assert run(["ask", str(deeds), "Who?", "--engine", "embedded"]) is ExitCode.USAGE
    assert "answers no questions. Name a model's address with --engine." in capsys.readouterr().err


def test_an_empty_question_is_refused(deeds: Path, capsys: Captured) -> None:
    assert run(["ask", str(deeds), " "]) is ExitCode.USAGE
    assert "The question is empty" in capsys.readouterr().err


def test_the_engine_may_be_named_in_the_environment(
    deeds: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    with engine_server() as server:
        monkeypatch.setenv("MUNIMENT_ENGINE", server.address)
        assert run(["ask", str(deeds), "Who?", "--pages", "1", "--quiet"]) is ExitCode.OK
    assert capsys.readouterr().out == "page 1: answer 0\n"


def test_python_asks_the_same_way(deeds: Path) -> None:
    with engine_server(lambda _: "Ana") as server:
        options = muniment.ReadOptions(engines=(server.address,), jobs=1)
        answered = muniment.ask(deeds, "Who?", options)
    assert [page.blocks for page in answered.pages] == [(muniment.Paragraph(text="Ana"),)] * 3
