"""The benchmarks' scores are what they say they are. Their libraries are in the `bench` group."""

import pytest

pytest.importorskip("apted", reason="apted is installed by `make bench`")
pytest.importorskip("pylatexenc", reason="pylatexenc is installed by `make bench`")
pytest.importorskip("rapidfuzz", reason="rapidfuzz is installed by `make bench`")

from benchmarks.scoring import letters, match, order_similarity, plain, table_tree, teds, text_similarity

TABLE = "<table><thead><tr><td colspan='2'>Year</td></tr></thead><tr><td>2023</td><td>1,150</td></tr></table>"


def test_letters_leave_spaces_and_punctuation_out() -> None:
    assert letters("Half-time, 3 m² (sic)") == "Halftime3m2sic"


def test_formulas_are_compared_as_characters() -> None:
    assert plain(r"about 68.3 $ \pm $ 19.7 g, $5 and $ \alpha_1 $") == "about 68.3 ± 19.7 g, $5 and α_1"


def test_the_same_blocks_are_similar_in_text_and_order() -> None:
    blocks = ["theharbourwasopen", "trafficrose", "accounts"]
    pairs = match(blocks, blocks)
    assert text_similarity(blocks, blocks, pairs) == 1.0
    assert order_similarity(pairs) == 1.0


def test_a_block_read_in_two_pieces_is_matched_whole() -> None:
    true, read = ["theharbourwasopenondays"], ["theharbour", "wasopenondays"]
    [pair] = match(true, read)
    assert (pair.read, pair.similarity) == (range(2), 1.0)


def test_a_missing_block_costs_its_letters() -> None:
    true, read = ["aaaaaaaaaa", "bbbbbbbbbb"], ["aaaaaaaaaa"]
    assert text_similarity(true, read, match(true, read)) == pytest.approx(0.5)


def test_swapped_columns_cost_order_and_not_text() -> None:
    true = ["first", "second", "third", "fourth"]
    read = ["third", "fourth", "first", "second"]
    pairs = match(true, read)
    assert text_similarity(true, read, pairs) == 1.0
    assert order_similarity(pairs) < 1.0


def test_a_table_is_itself_whatever_its_sections_are_called() -> None:
    bare = TABLE.replace("<thead>", "").replace("</thead>", "").replace("td", "th", 2)
    assert teds(table_tree(TABLE), table_tree(bare)) == 1.0


def test_a_lost_span_costs_structure_and_a_wrong_text_does_not() -> None:
    unspanned, misread = TABLE.replace(" colspan='2'", ""), TABLE.replace("1,150", "7,150")
    assert teds(table_tree(TABLE), table_tree(unspanned), structure_only=True) < 1.0
    assert teds(table_tree(TABLE), table_tree(misread), structure_only=True) == 1.0
    assert teds(table_tree(TABLE), table_tree(misread)) < 1.0
