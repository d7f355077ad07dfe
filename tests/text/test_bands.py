"""Bands of a page are put together without double lines and without losing any."""

from hypothesis import given
from hypothesis import strategies as st

from muniment.text.bands import join_bands

LINES = [f"Line {number} tells of ship {number * 37} and her {number * 11} barrels." for number in range(30)]


@given(st.integers(5, 25), st.integers(1, 8))
def test_a_text_cut_with_an_overlap_comes_out_as_it_was(cut: int, shared: int) -> None:
    upper, lower = LINES[:cut], LINES[max(cut - shared, 0) :]
    assert join_bands("\n".join(upper), "\n".join(lower)).split("\n") == LINES


def test_small_misreadings_double_no_line() -> None:
    lower = [line.replace("ship", "shlp") for line in LINES[8:12]] + LINES[12:]
    assert len(join_bands("\n".join(LINES[:12]), "\n".join(lower)).split("\n")) == len(LINES)


def test_a_line_read_from_half_its_height_gives_way_to_the_whole_one() -> None:
    upper = [*LINES[:10], "l ne 1u teIls ol shlp"]
    lower = ["ine 7 t lls f", *LINES[8:]]
    assert join_bands("\n".join(upper), "\n".join(lower)).split("\n") == LINES


def test_without_an_overlap_both_stand_whole() -> None:
    assert join_bands("One.\n", "Two.") == "One.\n\nTwo."


@given(st.text(max_size=60), st.text(max_size=60))
def test_whatever_the_texts_the_upper_one_is_kept_but_for_its_last_line(upper: str, lower: str) -> None:
    joined = join_bands(upper, lower)
    assert joined.startswith("\n".join(upper.rstrip().split("\n")[:-1]))
