"""The Markdown says what the page says, and whatever something is called, only as text."""

from datetime import timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from muniment.seal.claims import Claim, Verdict
from muniment.seal.evidence.layout import shown
from muniment.seal.evidence.markdown import as_markdown
from muniment.seal.evidence.record import Evidence, Unknown
from muniment.seal.evidence.report import Report, signed
from tests.seal.evidence.making import KEY, NOON, evidence, finding, full_evidence
from tests.seal.evidence.strings import renamed, strings_in

_parser = MarkdownIt("commonmark").enable("table")


def markdown(found: Evidence) -> str:
    return as_markdown(signed(Report.after(None, found, NOON + timedelta(minutes=1)), KEY)[0])


def tokens(text: str) -> list[Token]:
    """All tokens, those in paragraphs and cells too."""
    return [inner for token in _parser.parse(text) for inner in (token, *(token.children or ()))]


def structure(found: list[Token]) -> list[str]:
    return [token.type for token in found if token.type not in {"text", "text_special"}]


def text_of(found: list[Token]) -> str:
    return "".join(token.content for token in found if token.type in {"text", "text_special", "code_inline", "fence"})


def test_all_that_was_found_stands_in_it() -> None:
    text = text_of(tokens(markdown(full_evidence())))
    for one in strings_in(full_evidence().model_dump(mode="json")):
        assert one in text


def test_the_verdict_stands_at_the_top() -> None:
    lines = markdown(evidence(findings=(finding(Verdict.BROKEN),))).splitlines()
    assert lines[0] == "# Evidence 1 of the deployment muniment"
    assert lines[2] == "**✗ broken** 1 of 1 claims did not hold when they were looked at; 0 could not be shown, 0 held."


PLAIN = tokens(markdown(renamed(full_evidence(), "x")))
HOSTILE = st.text(st.characters(codec="utf-8"), min_size=1) | st.text("`|\\*_[]()<>!#-+=~$&:@.1 \n", min_size=1)


@settings(max_examples=50, deadline=None)
@given(HOSTILE)
@example("<script>alert(1)</script>")
@example("![x](http://example.com/x.png)")
@example("`` ` ``|`")
@example("a\\|b\\")
@example("- x")
@example("1. x")
@example("```")
@example("[x]: http://example.com")
@example("***x***")
@example("&copy;")
def test_whatever_something_is_called_is_text_and_changes_nothing_else(name: str) -> None:
    hostile = tokens(markdown(renamed(full_evidence(), f"x{name}x")))
    assert structure(hostile) == structure(PLAIN)
    for line in f"x{name}x".split("\n"):
        assert shown(line) in text_of(hostile)


@settings(max_examples=50, deadline=None)
@given(HOSTILE)
@example("- x")
@example("+ x")
@example("    x")
@example("123456789. x")
@example("12) x")
@example("=")
@example("---")
@example("# x")
@example("> x")
def test_nothing_begins_another_kind_of_block(name: str) -> None:
    assert blocks_named(f"{name}x") == blocks_named("x")


def blocks_named(name: str) -> list[str]:
    """The blocks of Markdown where a claim and what could not be learned are called ``name``."""
    claim = Claim(id=name, says=name, mend=name)
    found = evidence(findings=(finding(Verdict.BROKEN, claim=claim),), unknown=(Unknown(what=name, why=name),))
    return [token.type + token.tag for token in tokens(markdown(found)) if token.block]
