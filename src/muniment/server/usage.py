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
    """Writes what an answer says of its usage into an account, and keeps nothing else of it.

    Args:
        is_wanted: the client asked for a stream's usage. If not, the event that tells nothing else is kept from it.
    """

    def __init__(self, account: Account, *, is_wanted: bool) -> None:
        self._account = account
        self._is_wanted = is_wanted
        self._line = bytearray()
        self._is_too_long = False
        self._ends_dropped = False  # the next line is the blank one that ends an event which was dropped

    def whole(self, body: bytes) -> None:
        """An answer that came at once."""
        self._take(body)

    def piece(self, piece: bytes) -> bytes:
        """What is to be passed on now that a piece of a stream came, cut anywhere: all lines that are whole."""
        *ends, rest = piece.split(b"\n")
        return b"".join([*(self._add(end) + self._end_line() for end in ends), self._add(rest)])

    def rest(self) -> bytes:
        """What is left to be passed on at the end of the stream."""
        return bytes(self._line)

    def _add(self, part: bytes) -> bytes:
        if self._is_too_long:
            return part
        self._line += part
        self._is_too_long = len(self._line) > _MOST_KEPT
        return self._taken_line() if self._is_too_long else b""

    def _end_line(self) -> bytes:
        """The line, unless it is to be dropped. Only lines that can hold a usage are looked into."""
        line = self._taken_line()
        was_too_long, self._is_too_long = self._is_too_long, False
        ends_dropped, self._ends_dropped = self._ends_dropped, False
        if was_too_long:
            return b"\n"
        if ends_dropped and not line.rstrip(b"\r"):
            return b""
        if line.startswith(b"data:") and _SIGN in line and self._take(line.removeprefix(b"data:")):
            self._ends_dropped = not self._is_wanted
        return b"" if self._ends_dropped else line + b"\n"

    def _taken_line(self) -> bytes:
        line = bytes(self._line)
        self._line.clear()
        return line

    def _take(self, told: bytes) -> bool:
        """Whether it tells a usage and nothing else."""
        try:
            event: Any = json.loads(told)
            usage = event["usage"]
            prompt, completion = usage["prompt_tokens"], usage["completion_tokens"]
        except (ValueError, LookupError, TypeError, RecursionError):
            return False
        if all(type(count) is int and 0 <= count < _NO_COUNT for count in (prompt, completion)):
            self._account.prompt_tokens, self._account.completion_tokens = prompt, completion
        return bool(event.get("choices") == [])
