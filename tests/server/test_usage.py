"""Tokens are read off an answer that passes by, however it is cut."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.server.call import Account
from muniment.server.usage import UsageWatch
from tests.reading.engine_server import events, whole

STREAM = b"".join(events('a text that says "usage": {"prompt_tokens": 99}\n\n'))


def counted(*pieces: bytes) -> tuple[int, int]:
    account = Account()
    watch = UsageWatch(account)
    for piece in pieces:
        watch.piece(piece)
    return account.prompt_tokens, account.completion_tokens


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(places), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


def line(value: Any) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


USAGE = {"usage": {"prompt_tokens": 5, "completion_tokens": 6}}
LINES = st.lists(
    st.sampled_from(
        [
            *(line(USAGE), line({"usage": None}), line({"choices": []}), b"data: [DONE]\n\n", b": still there\n\n"),
            *(
                b"data: " + b"x" * 70_000 + b"\n",
                b"data: " + b"y" * 70_000 + json.dumps(USAGE).encode() + b"\n",
                b"\r\n",
            ),
            line({"usage": {"prompt_tokens": 1, "completion_tokens": 2}}).replace(b"\n", b"\r\n"),
        ]
    ),
    max_size=5,
)


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_any_cutting_of_a_stream_gives_the_same_counts(places: list[int]) -> None:
    assert counted(*cut(STREAM, places)) == (7, 3)


@given(LINES, st.data())
def test_any_cutting_of_anything_does(lines: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(lines)
    places = data.draw(st.lists(st.integers(0, len(stream)), max_size=6))
    assert counted(*cut(stream, places)) == counted(stream)


@given(st.lists(st.binary(max_size=200)))
def test_any_bytes_are_borne_and_hide_no_count_that_follows(pieces: list[bytes]) -> None:
    assert counted(*pieces, b"\n", line(USAGE)) == (5, 6)
    account = Account()
    UsageWatch(account).whole(b"".join(pieces))
    assert (account.prompt_tokens, account.completion_tokens) == (0, 0)


def test_an_answer_that_comes_at_once_is_counted() -> None:
    account = Account()
    UsageWatch(account).whole(json.dumps(whole("text")).encode())
    assert (account.prompt_tokens, account.completion_tokens) == (7, 3)


@pytest.mark.parametrize(
    "usage",
    [
        *(None, 3, [], {"prompt_tokens": 1}, {"prompt_tokens": -1, "completion_tokens": 2}),
        *({"prompt_tokens": 1e999, "completion_tokens": 2}, {"prompt_tokens": True, "completion_tokens": 2}),
        *({"prompt_tokens": "1", "completion_tokens": 2}, {"prompt_tokens": 10**30, "completion_tokens": 2}),
    ],
)
def test_what_is_no_count_is_not_taken_for_one(usage: Any) -> None:
    assert counted(line({"usage": usage})) == (0, 0)


def test_an_engine_that_nests_without_end_is_borne() -> None:
    account = Account()
    UsageWatch(account).whole(b'{"usage":' + b"[" * 100_000)
    assert (account.prompt_tokens, account.completion_tokens) == (0, 0)


def test_no_more_than_a_line_is_kept() -> None:
    watch = UsageWatch(Account())
    for _ in range(100):
        watch.piece(b'data: {"usage"' + b"x" * 10_000)
    assert len(watch._line) <= 64 << 10
