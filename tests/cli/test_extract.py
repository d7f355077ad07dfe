"""``muniment extract``: data in the form of a schema, and every fault told field by field."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import muniment
from muniment.cli.ending import run
from muniment.errors import ExitCode
from tests.cli.test_ask import WIDTHS
from tests.reading.conftest import Faults
from tests.reading.engine_server import EngineServer, engine_server
from tests.reading.test_vision_reader import page, picture_in, tiff

Captured = pytest.CaptureFixture[str]

SCHEMA = {
    "title": "Invoice",
    "type": "object",
    "properties": {
        "number": {"type": "string"},
        "total": {"type": "number"},
        "paid": {"type": "boolean"},
        "lines": {
            "type": "array",
            "items": {"type": "object", "properties": {"what": {"type": "string"}, "price": {"type": "number"}}},
        },
    },
    "required": ["number", "total"],
}
FIRST = {"number": "R-17", "total": None, "paid": None, "lines": [{"what": "Deed", "price": 1000}]}
SECOND = {"number": None, "total": 1200.5, "paid": None, "lines": [{"what": "Will", "price": 200.5}]}
WHOLE = {"number": "R-17", "total": 1200.5, "lines": [*FIRST["lines"], *SECOND["lines"]]}  # type: ignore[misc]


@pytest.fixture(autouse=True)
def one_plain_worker(faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that takes pages for upright, and loads no models to see it."""
    faults("")
    monkeypatch.setattr("muniment.reading.run.default_jobs", lambda: 1)


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    path = tmp_path / "invoice.schema.json"
    path.write_text(json.dumps(SCHEMA))
    return path


@pytest.fixture
def invoice(tmp_path: Path) -> Path:
    """Two pages, which a model can tell apart by their widths."""
    tiff(tmp_path / "invoice.tiff", *(page("Invoice", (width, 1600)) for width in WIDTHS[:2]))
    return tmp_path / "invoice.tiff"


def extract(*arguments: object, answers: Sequence[Any]) -> tuple[ExitCode, EngineServer]:
    """Extract with a model that answers each page its own; what is no text is told as JSON."""

    def say(number: int) -> str:
        answer = answers[WIDTHS.index(picture_in(server.asked[number]).width)]
        return answer if isinstance(answer, str) else json.dumps(answer)

    with engine_server(say) as server:
        return run(["extract", *map(str, arguments), "--engine", server.address, "--quiet"]), server


def test_the_data_of_all_pages_is_one_object_on_standard_output(invoice: Path, schema: Path, capsys: Captured) -> None:
    code, server = extract(invoice, "--schema", schema, answers=(FIRST, SECOND))
    told = capsys.readouterr()
    assert (code, told.err) == (ExitCode.OK, "")
    assert json.loads(told.out) == WHOLE
    assert list(json.loads(told.out)) == ["number", "total", "lines"]
    asked = server.asked[0]
    assert asked["response_format"]["type"] == "json_schema"
    assert asked["response_format"]["json_schema"]["name"] == "Invoice"
    assert asked["response_format"]["json_schema"]["schema"]["required"] == ["number", "total", "paid", "lines"]
    assert '"number"' in asked["messages"][0]["content"][1]["text"], "the model sees what is wanted too"


def test_a_report_names_the_page_of_each_field(invoice: Path, schema: Path, capsys: Captured) -> None:
    extract(invoice, "--schema", schema, "--report", answers=(FIRST, {**SECOND, "number": "R-18"}))
    told = capsys.readouterr()
    report = json.loads(told.out)
    assert len(report.pop("sha256")) == 64
    assert report == {
        "document": "invoice.tiff",
        "data": WHOLE,
        "pages": {"number": 1, "total": 2, "lines": [1, 2]},
        "problems": [],
        "conflicts": [{"field": "number", "pages": [1, 2]}],
        "failed": [],
    }
    assert "number" in told.err
    assert "R-18" not in told.err


def test_an_answer_that_fits_is_asked_for_once(invoice: Path, schema: Path) -> None:
    code, server = extract(invoice, "--schema", schema, "--pages", "1", answers=({**FIRST, "total": 7},))
    assert code is ExitCode.OK
    assert len(server.asked) == 1


def test_an_answer_that_does_not_fit_is_asked_for_again(invoice: Path, schema: Path, capsys: Captured) -> None:
    code, server = extract(invoice, "--schema", schema, "--pages", "1", answers=("I see an invoice.",))
    assert [asked["temperature"] for asked in server.asked] == [0.0, 0.2, 0.5]
    assert code is ExitCode.INCOMPLETE
    told = capsys.readouterr()
    assert json.loads(told.out) == {}
    assert told.err.startswith("muniment: invoice.tiff: the whole, page 1: ")
    assert "I see" not in told.err


def test_of_answers_that_do_not_fit_the_one_that_tells_most_counts(
    invoice: Path, schema: Path, capsys: Captured
) -> None:
    answers = ["I see an invoice.", json.dumps({**FIRST, "total": "much", "paid": "perhaps"}), '{"total": "much"}']
    with engine_server(lambda number: answers[number]) as server:
        run(["extract", str(invoice), "--schema", str(schema), "--pages", "1", "--engine", server.address, "--quiet"])
    assert json.loads(capsys.readouterr().out) == {"number": "R-17", "lines": FIRST["lines"]}


def test_what_does_not_fit_in_the_end_is_told_field_by_field(invoice: Path, schema: Path, capsys: Captured) -> None:
    wrong = {"number": "R-17", "total": "much", "paid": "perhaps", "lines": []}
    code, _ = extract(invoice, "--schema", schema, "--pages", "1", answers=(wrong,))
    told = capsys.readouterr()
    assert code is ExitCode.INCOMPLETE
    assert json.loads(told.out) == {"number": "R-17", "lines": []}
    assert "muniment: invoice.tiff: total, page 1: is not a number.\n" in told.err
    assert "muniment: invoice.tiff: paid, page 1: is not true or false.\n" in told.err
    assert "much" not in told.err
    assert "perhaps" not in told.err


def test_what_no_page_mentions_is_told(invoice: Path, schema: Path, capsys: Captured) -> None:
    code, _ = extract(invoice, "--schema", schema, answers=(FIRST, {**SECOND, "total": None}))
    assert code is ExitCode.INCOMPLETE
    assert "invoice.tiff: total: is missing" in capsys.readouterr().err


def test_a_page_that_got_no_answer_is_told_and_the_others_count(invoice: Path, schema: Path, capsys: Captured) -> None:
    code, _ = extract(invoice, "--schema", schema, "--report", answers=({**FIRST, "total": 7}, ""))
    told = capsys.readouterr()
    assert code is ExitCode.INCOMPLETE
    report = json.loads(told.out)
    assert report["data"]["number"] == "R-17"
    assert [failed["page"] for failed in report["failed"]] == [2]
    assert "invoice.tiff: page 2 got no answer" in told.err


def test_what_no_answer_came_for_is_not_said_to_be_nowhere(invoice: Path, schema: Path, capsys: Captured) -> None:
    code, _ = extract(invoice, "--schema", schema, answers=(FIRST, ""))
    told = capsys.readouterr()
    assert code is ExitCode.INCOMPLETE
    assert json.loads(told.out)["number"] == "R-17"
    assert "invoice.tiff: total: is missing; page 2 got no answer.\n" in told.err


def test_without_any_answer_there_is_no_data(invoice: Path, schema: Path, capsys: Captured) -> None:
    code, _ = extract(invoice, "--schema", schema, answers=("", ""))
    assert code is ExitCode.NOTHING_READ
    assert capsys.readouterr().out == ""
    code, _ = extract(invoice, "--schema", schema, "--report", answers=("", ""))
    assert code is ExitCode.NOTHING_READ
    assert [failed["page"] for failed in json.loads(capsys.readouterr().out)["failed"]] == [1, 2]


@pytest.mark.parametrize("report", [(), ("--report",)])
def test_no_page_drives_the_terminal_that_its_data_is_shown_on(
    invoice: Path, schema: Path, capsys: Captured, report: tuple[str, ...]
) -> None:
    odd = "\x1b[2J \x9b2J \x7f \u2028 ü"
    extract(invoice, "--schema", schema, *report, answers=({**FIRST, "number": odd}, SECOND))
    told = capsys.readouterr().out
    assert not set("\x1b\x9b\x7f\u2028") & set(told)
    assert "ü" in told
    found = json.loads(told)
    assert (found["data"] if report else found)["number"] == odd


def test_pages_that_contradict_each_other_leave_the_code_as_it_is(
    invoice: Path, schema: Path, capsys: Captured
) -> None:
    code, _ = extract(invoice, "--schema", schema, answers=(FIRST, {**SECOND, "number": "R-18"}))
    assert code is ExitCode.OK
    assert "number: pages 1 and 2 say different things" in capsys.readouterr().err


def test_several_documents_need_reports(tmp_path: Path, schema: Path, invoice: Path, capsys: Captured) -> None:
    (tmp_path / "copy.tiff").write_bytes(invoice.read_bytes())
    code, _ = extract(tmp_path / "*.tiff", "--schema", schema, answers=(FIRST, SECOND))
    assert code is ExitCode.USAGE
    assert "Add --report." in capsys.readouterr().err
    code, _ = extract(tmp_path / "*.tiff", "--schema", schema, "--report", answers=(FIRST, SECOND))
    assert code is ExitCode.OK
    reports = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(report["document"], report["data"]) for report in reports] == [
        ("copy.tiff", WHOLE),
        ("invoice.tiff", WHOLE),
    ]


def test_a_pydantic_model_is_a_schema_too(tmp_path: Path, invoice: Path, capsys: Captured) -> None:
    (tmp_path / "models.py").write_text(
        "from pydantic import BaseModel, field_validator\n"
        "class Bill(BaseModel):\n"
        "    number: str\n"
        "    total: float\n"
        "    @field_validator('number')\n"
        "    def starts_with_r(cls, value):\n"
        "        if not value.startswith('R'):\n"
        "            raise ValueError('must start with R')\n"
        "        return value\n"
    )
    model = f"{tmp_path / 'models.py'}:Bill"
    answers = ({"number": "R-17", "total": None}, {"number": None, "total": 3})
    assert extract(invoice, "--schema", model, answers=answers)[0] is ExitCode.OK
    assert json.loads(capsys.readouterr().out) == {"number": "R-17", "total": 3}
    answers = ({"number": "X-17", "total": None}, {"number": None, "total": 3})
    assert extract(invoice, "--schema", model, answers=answers)[0] is ExitCode.INCOMPLETE
    assert "number, page 1" in capsys.readouterr().err


def test_a_schema_that_makes_no_sense_is_refused_before_anything_is_read(
    tmp_path: Path, invoice: Path, capsys: Captured
) -> None:
    code, server = extract(invoice, "--schema", tmp_path / "nonesuch.json", answers=())
    assert code is ExitCode.USAGE
    assert server.asked == []
    assert "nonesuch.json" in capsys.readouterr().err


def test_python_extracts_the_same_way(invoice: Path, schema: Path) -> None:
    with engine_server(lambda _: json.dumps({**FIRST, "total": 1})) as server:
        options = muniment.ReadOptions(engines=(server.address,), jobs=1)
        found = muniment.extract(invoice, schema, options)
        again = muniment.extract(invoice, SCHEMA, options)
    assert again.extraction == found.extraction
    assert found.extraction.complete
    assert found.extraction.data["number"] == "R-17"
    assert found.info.page_count == 2
    assert len(found.pages) == 2
