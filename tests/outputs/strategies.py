"""Readings of every shape."""

from hypothesis import strategies as st

from muniment.reading import Attempt, DocumentInfo, DocumentReading, PageReading, PageStatus
from muniment.text import (
    Box,
    Cell,
    Checkbox,
    Code,
    Equation,
    Figure,
    Flag,
    Heading,
    Line,
    ListBlock,
    ListItem,
    PageNumber,
    Paragraph,
    Signature,
    Table,
    Watermark,
)

texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12)
boxes = st.builds(Box, *[st.integers(0, 10_000).map(lambda number: number / 10_000)] * 4)
lines = st.lists(st.builds(Line, texts, boxes, st.integers(0, 1000).map(lambda n: n / 1000)), max_size=2).map(tuple)
shared = {"box": st.none() | boxes, "lines": lines, "furniture": st.booleans()}

items = st.lists(st.builds(ListItem, texts, texts, st.integers(0, 3)), max_size=3).map(tuple)
two_cells = st.tuples(st.builds(Cell, st.just(0), st.just(0), texts), st.builds(Cell, st.just(1), st.just(1), texts))

blocks = st.one_of(
    st.builds(Heading, text=texts, level=st.integers(1, 6), **shared),
    st.builds(Paragraph, text=texts, **shared),
    st.builds(ListBlock, items=items, **shared),
    st.builds(Checkbox, text=texts, checked=st.booleans(), **shared),
    st.builds(Table, rows=st.just(2), columns=st.just(2), cells=two_cells, caption=texts, **shared),
    st.builds(Equation, text=texts, notation=st.sampled_from(["latex", "text"]), **shared),
    st.builds(Figure, text=texts, caption=texts, **shared),
    st.builds(Signature, text=texts, **shared),
    st.builds(Watermark, text=texts, **shared),
    st.builds(PageNumber, text=texts, **shared),
    st.builds(Code, text=texts, language=texts, **shared),
)

pages = st.builds(
    PageReading,
    number=st.integers(1, 10_000),
    status=st.sampled_from(PageStatus),
    width=st.integers(0, 500_000).map(lambda number: number / 100),
    height=st.integers(0, 500_000).map(lambda number: number / 100),
    unit=st.sampled_from(["pt", "px"]),
    rotation=st.sampled_from([0, 90, 180, 270]),
    skew=st.integers(-1000, 1000).map(lambda number: number / 100),
    blocks=st.lists(blocks, max_size=3).map(tuple),
    flags=st.sets(st.sampled_from(Flag), max_size=2).map(lambda flags: tuple(sorted(flags))),
    attempts=st.lists(st.builds(Attempt, texts, texts, texts), max_size=2).map(tuple),
    problem=texts,
)

documents = st.builds(
    DocumentReading,
    st.builds(DocumentInfo, texts, st.just("pdf"), st.integers(1, 9), st.just("0" * 64)),
    st.lists(pages, max_size=3).map(tuple),
)
