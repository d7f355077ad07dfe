"""An engine's answer on its way to a client: its tokens are counted, and its errors are told in our words."""

import json
from collections.abc import Iterator
from typing import Any

from muniment.engines.openai import Broken, EngineTrouble
from muniment.engines.openai.refusals import trouble_of
from muniment.server.call import Account

_MOST_KEPT = 64 << 10
"""Bytes of a stream's line; what is longer is text, and no line with a usage or an error."""
_NO_COUNT = 2**53
"""What is not below is no number of tokens, whatever an engine says."""
_DONE = b"[DONE]"
_FAILED = 500


class PassingAnswer:
    """Writes what an answer says of its usage into an account, and keeps nothing else of it.

    What is no JSON is not passed on: clients take it for an answer and break.

    Args:
        tells_usage: the client asked for a stream's usage. If not, the event that tells nothing else is dropped.
    """

    def __init__(self, account: Account, *, tells_usage: bool) -> None:
        self._account = account
        self._tells_usage = tells_usage
        self._line = bytearray()
        self._is_too_long = False
        self._ends_dropped = False  # the next line is the blank one that ends an event which was dropped

    def whole(self, body: bytes) -> None:
        """An answer that came at once. Raises EngineTrouble if it is no JSON object."""
        self._count(_object(body))

    def piece(self, piece: bytes) -> Iterator[bytes]:
        """What is to be passed on now that a piece of a stream came, cut anywhere: all lines that are whole.

        Raises:
            EngineTrouble: the engine tells an error in the middle of its answer, or an event that is no JSON object.
                What comes before that is given first.
        """
        *ends, rest = piece.split(b"\n")
        whole = bytearray()
        trouble: EngineTrouble | None = None
        try:
            for end in ends:
                whole += self._add(end) + self._end_line()
            whole += self._add(rest)
        except EngineTrouble as found:
            trouble = found
        if whole:
            yield bytes(whole)
        if trouble is not None:
            raise trouble

    def rest(self) -> bytes:
        """What is left to be passed on at the end of the stream: a line that was not ended, which clients may take.

        Raises EngineTrouble as :meth:`piece` does: if it is an event, it broke off in the middle or tells an error.
        """
        line = self._taken_line()
        return line if line and self._passes(line) else b""

    def _add(self, part: bytes) -> bytes:
        if self._is_too_long:
            return part
        self._line += part
        self._is_too_long = len(self._line) > _MOST_KEPT
        return self._taken_line() if self._is_too_long else b""

    def _end_line(self) -> bytes:
        """The line, unless it is to be dropped. One that is too long is not looked into."""
        line = self._taken_line()
        was_too_long, self._is_too_long = self._is_too_long, False
        if was_too_long:
            self._ends_dropped = False
            return b"\n"
        return line + b"\n" if self._passes(line) else b""

    def _passes(self, line: bytes) -> bool:
        """Whether a line is not to be dropped."""
        ends_dropped, self._ends_dropped = self._ends_dropped, False
        if ends_dropped and not line.rstrip(b"\r"):
            return False
        if line.startswith(b"data:"):
            self._look_at(line.removeprefix(b"data:").strip())
        return not self._ends_dropped

    def _taken_line(self) -> bytes:
        line = bytes(self._line)
        self._line.clear()
        return line

    def _look_at(self, data: bytes) -> None:
        if not data or data == _DONE:
            return
        event = _object(data)
        if "error" in event:
            raise trouble_of(_status_of(event), {}, data)
        tells_only_that = self._count(event) and event.get("choices") == []
        self._ends_dropped = tells_only_that and not self._tells_usage

    def _count(self, told: dict[str, Any]) -> bool:
        """Whether it tells a usage."""
        try:
            prompt, completion = told["usage"]["prompt_tokens"], told["usage"]["completion_tokens"]
        except (LookupError, TypeError):
            return False
        if all(type(count) is int and 0 <= count < _NO_COUNT for count in (prompt, completion)):
            self._account.prompt_tokens, self._account.completion_tokens = prompt, completion
        return True


def _object(data: bytes) -> dict[str, Any]:
    """Raises EngineTrouble if it is none."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Broken("The engine's answer is no JSON object")
    return found


def _status_of(told: dict[str, Any]) -> int:
    """The status that an error in a stream would have had as an answer of its own, as vLLM tells it."""
    try:
        code = told["error"]["code"]
    except (LookupError, TypeError):
        return _FAILED
    return code if type(code) is int and 400 <= code < 600 else _FAILED
