"""How many tokens an engine counted for a request, read off the answer that passes by."""

import json
from typing import Any

from muniment.server.call import Account

_MOST_KEPT = 64 << 10
"""Bytes of a stream's line; what is longer is text, and no line with a usage."""
_NO_COUNT = 2**53
"""What is not below is no number of tokens, whatever an engine says."""
_SIGN = b'"usage"'


class UsageWatch:
    """Writes what an answer says of its usage into an account, and keeps nothing else of it."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._line = bytearray()
        self._is_too_long = False

    def whole(self, body: bytes) -> None:
        """An answer that came at once."""
        self._take(body)

    def piece(self, piece: bytes) -> None:
        """A piece of a stream, cut anywhere. Only lines that can hold a usage are looked into."""
        *ends, rest = piece.split(b"\n")
        for end in ends:
            self._add(end)
            self._end_line()
        self._add(rest)

    def _add(self, part: bytes) -> None:
        self._is_too_long = self._is_too_long or len(self._line) + len(part) > _MOST_KEPT
        if not self._is_too_long:
            self._line += part

    def _end_line(self) -> None:
        if not self._is_too_long and self._line.startswith(b"data:") and _SIGN in self._line:
            self._take(self._line.removeprefix(b"data:"))
        self._line.clear()
        self._is_too_long = False

    def _take(self, told: bytes | bytearray) -> None:
        try:
            usage: Any = json.loads(told)["usage"]
            prompt, completion = usage["prompt_tokens"], usage["completion_tokens"]
        except (ValueError, LookupError, TypeError, RecursionError):
            return
        if all(type(count) is int and 0 <= count < _NO_COUNT for count in (prompt, completion)):
            self._account.prompt_tokens, self._account.completion_tokens = prompt, completion
