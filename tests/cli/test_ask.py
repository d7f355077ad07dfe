"""``muniment ask``: answers with their pages."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

import muniment
from muniment.cli.ending import run
from muniment.errors import ExitCode
from tests import builders
from tests.reading.conftest import Faults
from tests.reading.engine_server import EngineServer, engine_server
from tests.reading.test_vision_reader import page, picture_in, tiff

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def one_plain_worker(faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that takes pages for upright, and loads no models to see it."""
    faults("")
    monkeypatch.setattr("muniment.reading.run.default_jobs", lambda: 1)


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


def test_a_pdf_is_looked_at_even_if_it_carries_its_text(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "a.pdf").write_bytes(builders.text_pdf("The harbour was open on 358 days of the year.\n" * 6))
    with engine_server(lambda _: "358") as server:
        assert run(["ask", str(tmp_path / "a.pdf"), "How many?", "--engine", server.address, "--quiet"]) is ExitCode.OK
    assert capsys.readouterr().out == "page 1: 358\n"
    assert len(server.asked) == 1


def test_a_page_that_cannot_be_pictured_is_told_with_the_reason(tmp_path: Path, capsys: Captured) -> None:
    whole = tmp_path / "whole.tiff"
    tiff(whole, page("Deed"), page("Will"))
    damaged = whole.read_bytes()
    start = damaged.rfind(b"II*", 0, 8) + 8
    (tmp_path / "damaged.tiff").write_bytes(damaged[:start] + bytes(400) + damaged[start + 400 :])
    with engine_server(lambda _: "Ana") as server:
        code = run(["ask", str(tmp_path / "damaged.tiff"), "Who?", "--engine", server.address, "--quiet"])
    told = capsys.readouterr()
    assert code is ExitCode.INCOMPLETE
    assert told.out == "page 2: Ana\n"
    assert "damaged.tiff: page 1 got no answer: " in told.err
    assert not told.err.endswith("got no answer: \n")


def test_a_model_cannot_drive_the_terminal(deeds: Path, capsys: Captured) -> None:
    ask(deeds, "Who?", "--pages", "1", answers=["\x1b]0;pwned\x07Ana\x9b31m\u2028Jo"])
    assert capsys.readouterr().out == "page 1: ]0;pwnedAna31m\n    Jo\n"
    ask(deeds, "Who?", "--pages", "1", "--json", answers=["Ana\x9b31m"])
    assert json.loads(capsys.readouterr().out)["answers"] == [{"page": 1, "answer": "Ana31m"}]


def test_one_document_that_does_not_tell_stands_beside_one_that_does(tmp_path: Path, capsys: Captured) -> None:
    tiff(tmp_path / "a.tiff", page("Deed", (WIDTHS[0], 1600)))
    tiff(tmp_path / "b\x1b.tiff", page("Note", (WIDTHS[1], 1600)))
    ask(tmp_path, "Who?", answers=("Ana", "Not mentioned."))
    assert capsys.readouterr().out == "a.tiff: page 1: Ana\nb\ufffd.tiff: Not mentioned.\n"


@pytest.mark.parametrize("arguments", [[], ["a.pdf"], ["What is the total?"]])
def test_what_is_missing_is_told(arguments: list[str], capsys: Captured) -> None:
    assert run(["ask", *arguments]) is ExitCode.USAGE
    assert "at least one document, and then the question" in capsys.readouterr().err


def test_the_question_comes_last(deeds: Path, capsys: Captured) -> None:
    assert run(["ask", "Who?", str(deeds)]) is ExitCode.USAGE
    assert "The question comes last" in capsys.readouterr().err


def test_a_question_that_is_not_utf_8_is_asked_as_well_as_it_can_be(deeds: Path) -> None:
    code, server = ask(deeds, "Who \udcff?", "--pages", "1")
    assert code is ExitCode.OK
    assert server.asked[0]["messages"][0]["content"][1]["text"] == "Who ??"


@pytest.mark.parametrize(
    ("value", "engines"),
    [
        ("http://a/v1  unix:/b", ("http://a/v1", "unix:/b")),
        ("vllm:/a b/model", ("vllm:/a b/model",)),
    ],
)
def test_engines_in_the_environment_are_separated_by_spaces_but_for_paths_of_models(
    value: str, engines: tuple[str, ...]
) -> None:
    from muniment.cli.engine_options import _Engine

    assert tuple(_Engine().split_envvar_value(value)) == engines
