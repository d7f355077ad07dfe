"""Names that mirror the input, never collide, and never leave the folder."""

import hashlib
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.outputs import Format, plan_names

PIECES = [*"aAä.~/\\ ", "\x00", "\ud800", "con", "..", ".pdf", ".PNG", ".md"]
NAMES = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)


def planned(*names: str) -> list[str]:
    """Names for documents from folders of their own."""
    documents = {f"/in/{number}/{name}": name for number, name in enumerate(names)}
    return [str(name) for name in plan_names(documents).values()]


def test_the_tree_is_mirrored_without_extensions() -> None:
    assert planned("a.pdf", "sub/b.png", "sub/deep/c") == ["a", "sub/b", "sub/deep/c"]


def test_names_that_would_collide_keep_their_extensions() -> None:
    assert planned("a.pdf", "a.png", "b.pdf") == ["a.pdf", "a.png", "b"]


@pytest.mark.parametrize(
    ("one", "other"), [("A.pdf", "a.png"), ("caf\u00e9.pdf", "cafe\u0301.png"), ("ß.pdf", "SS.png")]
)
def test_letter_case_and_unicode_forms_do_not_tell_names_apart(one: str, other: str) -> None:
    first, second = planned(one, other)
    assert first.endswith(".pdf")
    assert second.endswith(".png")


def test_a_third_document_may_stand_where_the_colliding_ones_would_go() -> None:
    assert planned("a.pdf", "a.png", "a.pdf.tif") == ["a.pdf~" + digest("/in/0/a.pdf"), "a.png", "a.pdf.tif"]


def digest(identity: str) -> str:
    return hashlib.sha256(identity.encode()).hexdigest()[:8]


def test_the_same_name_in_two_folders_gets_a_digest_each() -> None:
    first, second = planned("a.pdf", "a.pdf")
    assert first != second
    assert first.startswith("a.pdf~")
    assert second.startswith("a.pdf~")


def test_a_result_does_not_stand_where_another_needs_a_folder() -> None:
    assert planned("a.pdf", "a.md/b.pdf") == ["a.pdf", "a.md/b"]


def test_the_order_does_not_matter() -> None:
    documents = {"1": "a.pdf", "2": "a.png", "3": "A.pdf.tif", "4": "b/a.pdf", "5": "a.pdf"}
    plans = [plan_names(dict(order)) for order in itertools.permutations(documents.items())]
    assert all(plan == plans[0] for plan in plans)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "_/_/etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("a/./b.pdf", "a/_/b"),
        ("C:\\x.pdf", "C__x"),
        ("con.pdf", "_con"),
        ("LPT1.txt.pdf", "_LPT1.txt"),
        ("x. .pdf", "x"),
        (".muniment/x.pdf", "_muniment/x"),
        (".pdf", "_pdf"),
        ("a\nb\x1b.pdf", "a_b_"),
        ("fdp\u202e.pdf", "fdp_"),
        ("a\ufffd.pdf", "a_"),
        ("", "_"),
    ],
)
def test_names_are_made_safe(name: str, safe: str) -> None:
    assert planned(name) == [safe]


def test_long_names_are_cut_and_stay_apart() -> None:
    first, second = planned("é" * 300 + "1.pdf", "é" * 300 + "2.pdf")
    assert first != second
    assert max(len(first.encode()), len(second.encode())) < 200


@settings(deadline=None, max_examples=100)
@given(st.lists(NAMES, max_size=6))
def test_files_never_collide_and_never_leave_the_folder(names: list[str]) -> None:
    plan = plan_names({str(number): name for number, name in enumerate(names)})
    files = [f"{name}{kind.suffix}".casefold() for name in plan.values() for kind in Format]
    folders = {str(parent).casefold() for name in plan.values() for parent in name.parents}
    assert len(set(files)) == len(files)
    assert not folders & set(files)
    assert all(not name.is_absolute() and ".." not in name.parts for name in plan.values())
    for name in plan.values():
        str(name).encode()
