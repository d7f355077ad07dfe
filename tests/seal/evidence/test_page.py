"""The page shows all that is signed, and whatever a service or an image is called, only as text."""

import base64
import hashlib
import re
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.seal.claims import Verdict
from muniment.seal.evidence.layout import shown
from muniment.seal.evidence.page import as_html
from muniment.seal.evidence.record import Composition, Evidence, Image
from muniment.seal.evidence.report import Report, SignedReport, signed
from tests.seal.evidence.making import KEY, NOON, ONE, check, evidence, finding, full_evidence
from tests.seal.evidence.strings import renamed, strings_in

VOID = {"meta"}
WIDE = ("class", "wide")
"""What words have that may be broken anywhere; it goes by their length."""


class Outline(HTMLParser):
    """The tags of a page, checked to be balanced, with their attributes, and the texts between them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(one for one in attrs if one != WIDE)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return "".join(self.texts)


def report_of(found: Evidence) -> SignedReport:
    first, _ = signed(Report.after(None, evidence(), NOON), KEY)
    return signed(Report.after(first.link, found, NOON + timedelta(minutes=1)), KEY)[0]


def outline(found: Evidence) -> Outline:
    return Outline(as_html(report_of(found)))


def test_all_that_was_found_stands_on_the_page() -> None:
    text = outline(full_evidence()).text
    for one in strings_in(full_evidence().model_dump(mode="json")):
        assert one in text


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (Verdict.HOLDS, "✓ holds 1 of 1 claims held when they were looked at."),
        (Verdict.UNPROVEN, "? unproven 1 of 1 claims could not be shown; the other 0 held when they were looked at."),
        (Verdict.BROKEN, "✗ broken 1 of 1 claims did not hold when they were looked at; 0 could not be shown, 0 held."),
    ],
)
def test_the_verdict_stands_at_the_top_in_a_sign_and_words(verdict: Verdict, words: str) -> None:
    assert words in outline(evidence(findings=(finding(verdict),))).text


def test_it_says_how_long_it_is_fresh_and_who_signed_it() -> None:
    text = outline(evidence()).text
    assert "Fresh until2026-03-04 12:15:00 UTC." in text
    assert KEY.public.fingerprint in text


def test_it_says_what_it_does_not_prove() -> None:
    report = report_of(full_evidence())
    text = Outline(as_html(report)).text
    assert all(limit in text for limit in report.report.not_proven)


def test_it_says_what_to_do_where_a_claim_is_broken() -> None:
    assert "What to do: Take it off its network." in outline(evidence(findings=(finding(Verdict.BROKEN),))).text
    assert "What to do" not in outline(evidence(findings=(finding(Verdict.HOLDS),))).text


def test_checks_print_open() -> None:
    found = outline(full_evidence()).tags
    assert [attributes for tag, attributes in found if tag == "details"] == [(("open", None),)] * 2


def test_nothing_is_loaded_and_nothing_runs() -> None:
    page = as_html(report_of(full_evidence()))
    tags = Outline(page).tags
    assert {tag for tag, _ in tags}.isdisjoint({"script", "link", "img", "iframe", "object", "form", "a"})
    assert {name for _, attributes in tags for name, _ in attributes} <= {
        *("lang", "charset", "http-equiv", "content", "name", "class", "scope", "open")
    }
    style = re.findall("<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style[0].encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'" in page
    assert "url(" not in style[0]
    assert "@import" not in style[0]


PLAIN = outline(renamed(full_evidence(), "x"))
HOSTILE = st.text(st.characters(codec="utf-8"), min_size=1) | st.sampled_from(
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "</code></td></tr></table><h1>",
        "</title></style><!--",
        "&lt;b&gt;",
        "\u202egnp.exe",
        "\x1b[2J",
        "a\nb\r\nc\u2028d",
        "javascript:alert(1)",
        "]]>",
        "<details>",
    ]
)


@settings(max_examples=40, deadline=None)
@given(HOSTILE)
def test_whatever_something_is_called_is_shown_as_text_and_changes_no_tag(name: str) -> None:
    hostile = outline(renamed(full_evidence(), name))
    assert hostile.tags == PLAIN.tags
    for line in name.split("\n"):
        assert shown(line) in hostile.text


@settings(deadline=None)
@given(st.text())
def test_what_is_shown_is_on_one_line_and_hides_nothing(text: str) -> None:
    assert shown(text).isprintable()
    assert not text.isprintable() or shown(text) == text


def test_a_hidden_letter_is_seen() -> None:
    found: Any = evidence(images=(Image(service="a\u200bb", name="x", running=ONE),))
    assert r"a\u200bb" in outline(found).text
    assert (
        r"a\x1b[31m"
        in outline(evidence(findings=(finding().model_copy(update={"checks": (check(seen="a\x1b[31m"),)}),))).text
    )


def test_a_compose_file_of_which_only_the_hash_is_known_is_said_not_to_be_shown() -> None:
    report, _ = signed(Report.after(None, evidence(composition=Composition(sha256=ONE, effective="")), NOON), KEY)
    texts = Outline(as_html(report)).texts
    assert ONE in texts
    assert "It is not shown." in texts
