"""What passes by on its way from an engine is counted and kept in order, however it is cut."""

import json
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.engines.openai import Broken, Busy, EngineTrouble, Refused, TooLong
from muniment.server.call import Account
from muniment.server.passing import PassingAnswer
from tests.reading.engine_server import events, whole

STREAM = b"".join(events('a text that says "usage": {"prompt_tokens": 99}\n\n'))


def passed(*pieces: bytes, tells_usage: bool = False) -> tuple[Account, bytes]:
    """What a stream in ``pieces`` counts, and what of it a client gets."""
    account = Account()
    passing = PassingAnswer(account, tells_usage=tells_usage)
    given = [given for piece in pieces for given in passing.piece(piece)]
    return account, b"".join([*given, passing.rest()])


def passed_before(*pieces: bytes) -> tuple[bytes, type[EngineTrouble]]:
    """What a client gets of a stream in ``pieces`` until there is a trouble, and that."""
    passing = PassingAnswer(Account(), tells_usage=False)
    given = bytearray()
    try:
        for piece in pieces:
            for whole in passing.piece(piece):
                given += whole
        given += passing.rest()
    except EngineTrouble as trouble:
        return bytes(given), type(trouble)
    pytest.fail("there is none")


def counted(*pieces: bytes) -> tuple[int, int]:
    account, _ = passed(*pieces)
    return account.prompt_tokens, account.completion_tokens


def counted_at_once(body: bytes) -> tuple[int, int]:
    account = Account()
    PassingAnswer(account, tells_usage=False).whole(body)
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
def test_any_bytes_are_borne(pieces: list[bytes]) -> None:
    whole = b"".join(pieces)
    with suppress(EngineTrouble):
        assert passed(*pieces, tells_usage=True)[1] == whole
    with suppress(EngineTrouble):
        counted_at_once(whole)


def test_an_answer_that_comes_at_once_is_counted() -> None:
    assert counted_at_once(json.dumps(whole("text")).encode()) == (7, 3)


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


@pytest.mark.parametrize("told", [b"", b"{", b"[]", b"1", b"\xff", b'{"usage":' + b"[" * 100_000])
def test_what_is_no_json_object_is_a_trouble(told: bytes) -> None:
    with pytest.raises(Broken):
        counted_at_once(told)
    if told:
        with pytest.raises(Broken):
            passed(b"data: " + told[:1_000] + b"\n")


def test_no_more_than_a_line_is_kept() -> None:
    passing = PassingAnswer(Account(), tells_usage=False)
    for _ in range(100):
        list(passing.piece(b'data: {"usage"' + b"x" * 10_000))
    assert len(passing._line) <= 64 << 10


# what the client gets

TEXTS = [
    *(line({"choices": [{"delta": {"content": "a"}}]}), line({"choices": [{"delta": {}}], **USAGE})),
    *(line({"choices": [], "usage": None}), line({"choices": []}), line(USAGE), b": still there\n\n"),
    *(b"data: " + b"x" * 70_000 + b"\n\n", b"data: [DONE]\n\n", b"data: \r\n\r\n"),
]
ONLY_USAGE = line({"choices": [], **USAGE})
EVENTS = st.lists(st.sampled_from([*TEXTS, ONLY_USAGE, ONLY_USAGE.replace(b"\n", b"\r\n")]), max_size=6)


@given(EVENTS, st.data())
def test_the_event_that_tells_the_usage_is_kept_from_who_did_not_ask_and_nothing_else_is(
    told: list[bytes], data: st.DataObject
) -> None:
    stream = b"".join(told)
    pieces = cut(stream, data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    assert passed(*pieces)[1] == b"".join(event for event in told if event in TEXTS)
    assert passed(*pieces, tells_usage=True)[1] == stream


@given(st.text("data: {}\r", max_size=50).map(str.encode).filter(lambda end: not end.startswith(b"data:")))
def test_a_stream_that_breaks_off_is_passed_on_to_where_it_did(end: bytes) -> None:
    assert passed(ONLY_USAGE, b": next\n", end)[1] == b": next\n" + end


@pytest.mark.parametrize("end", [b'data: {"choices": []}', b"data: [DONE]", b"data: [DONE]\r", b"data:", b"data: {}"])
def test_a_last_event_counts_although_its_line_was_not_ended(end: bytes) -> None:
    assert passed(b": next\n", end)[1] == b": next\n" + end


@pytest.mark.parametrize("end", [b'data: {"cho', b"data: {", b"data: x", b"data:{\r"])
def test_one_that_breaks_off_in_an_event_is_a_trouble_and_all_before_it_is_passed_on(end: bytes) -> None:
    for pieces in ([b": next\n", end], [b": next\n" + end]):
        assert passed_before(*pieces) == (b": next\n", Broken)


def test_an_error_or_a_usage_at_the_very_end_is_one_too() -> None:
    error = b'data: {"error": {"message": "?", "code": 429}}'
    assert passed_before(b": next\n" + error) == (b": next\n", Busy)
    end = ONLY_USAGE.rstrip()
    assert passed(b": next\n" + end)[1] == b": next\n"
    assert passed(b": next\n" + end, tells_usage=True)[1] == b": next\n" + end
    assert counted(end) == (5, 6)


@given(EVENTS, st.data())
def test_what_came_before_an_error_is_passed_on_however_it_is_cut(told: list[bytes], data: st.DataObject) -> None:
    stream = b"".join([*told, line({"error": {"message": "?", "code": 429}}), line({"choices": []})])
    pieces = cut(stream, data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    assert passed_before(*pieces) == (b"".join(event for event in told if event in TEXTS), Busy)


def test_a_line_is_passed_on_as_soon_as_it_is_whole_or_too_long_to_be_a_usage() -> None:
    passing = PassingAnswer(Account(), tells_usage=False)
    assert list(passing.piece(b"data: {")) == []
    assert list(passing.piece(b"}\ndata")) == [b"data: {}\n"]
    assert list(passing.piece(b"x" * 70_000)) == [b"data" + b"x" * 70_000]
    assert list(passing.piece(b"y")) == [b"y"]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"message": "Grammar error: Invalid type: x", "code": 400}, Refused),
        ({"message": "maximum context length is 10 tokens", "code": 400}, TooLong),
        ({"message": "EngineCore encountered an issue", "code": 500}, Broken),
        ({"message": "try later", "code": 429}, Busy),
        *(({"message": "?", "code": code}, Broken) for code in (None, "x", True, 7, 200, 10**9)),
        *((error, Broken) for error in (None, "x", [1], 1)),
    ],
)
def test_an_error_in_a_stream_is_a_trouble_as_if_it_were_the_answer(error: Any, kind: type[EngineTrouble]) -> None:
    stream = line({"choices": []}) + line({"error": error})
    for pieces in ([stream], cut(stream, [3, 40, 45])):
        with pytest.raises(kind):
            passed(*pieces)


def test_a_text_about_errors_is_a_text() -> None:
    told = line({"choices": [{"delta": {"content": '{"error": {"code": 400}}'}}]})
    assert passed(told)[1] == told
