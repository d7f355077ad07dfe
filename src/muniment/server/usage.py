"""How many tokens an engine counted for a request, read off the answer that passes by."""

import json
from typing import Any

from muniment.server.call import Account

_MOST_KEPT = 4096
_SIGN = b'"usage"'


class UsageWatch:
    """Writes what an answer says of its usage into an account, and keeps nothing else of it."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._line = b""

    def whole(self, body: bytes) -> None:
        """An answer that came at once."""
        self._take(body)

    def piece(self, piece: bytes) -> None:
        """A piece of a stream. Only lines that can hold a usage are looked into."""
        *lines, self._line = (self._line + piece).split(b"\n")
        for line in lines:
            if _SIGN in line and line.startswith(b"data:"):
                self._take(line.removeprefix(b"data:"))
        if len(self._line) > _MOST_KEPT and _SIGN not in self._line:
            self._line = self._line[-_MOST_KEPT:]

    def _take(self, told: bytes) -> None:
        try:
            usage: Any = json.loads(told)["usage"]
            prompt, completion = int(usage["prompt_tokens"]), int(usage["completion_tokens"])
        except (ValueError, KeyError, TypeError):
            return
        self._account.prompt_tokens, self._account.completion_tokens = prompt, completion
