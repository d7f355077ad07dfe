"""A streamed chat answer: server-sent events put together, and watched for loops while they come."""

import json
from collections.abc import AsyncIterator
from typing import Any

from muniment.engines.openai.answers import Broken, Completion
from muniment.text.repetition import LoopDetector

_MOST_EVENT = 1 << 20
"""Characters of the longest event believed."""
_NO_COUNT = 1 << 31
"""What is not below is no number of tokens, whatever an engine says."""


async def collect(lines: AsyncIterator[str]) -> Completion:
    """The answer that a stream's ``lines`` hold.

    An answer that runs into a loop is left where it is: its finish reason is "repetition", its text ends before the
    loop's second turn, and the caller closes the stream.

    Raises:
        Broken: the stream ended early or made no sense.
    """
    text: list[str] = []
    reason = ""
    usage: Any = {}
    loops = LoopDetector()
    async for line in lines:
        if not line.startswith("data:"):
            continue
        data = line.removeprefix("data:").strip()
        if data == "[DONE]":
            break
        event = _event(data)
        usage = event.get("usage") or usage
        for choice in event.get("choices") or ():
            piece = (choice.get("delta") or {}).get("content") or ""
            text.append(piece)
            reason = choice.get("finish_reason") or reason
            if reason == "abort":
                raise Broken("The engine was stopped in the middle of its answer")
            loop = loops.feed(piece)
            if loop is not None and not reason:
                return Completion("".join(text)[: loop.start + loop.length], "repetition")
    if not reason:
        raise Broken("The engine's answer broke off before its end")
    return Completion("".join(text), str(reason), _count(usage, "prompt_tokens"), _count(usage, "completion_tokens"))


def _count(usage: Any, name: str) -> int:
    """What a server says that it counted; 0 if that is no number of tokens."""
    count = usage.get(name) if isinstance(usage, dict) else None
    return count if type(count) is int and 0 <= count < _NO_COUNT else 0


def _event(data: str) -> dict[str, Any]:
    try:
        event = json.loads(data) if len(data) <= _MOST_EVENT else None
    except ValueError:
        event = None
    if not isinstance(event, dict):
        raise Broken("The engine's answer is no JSON where it should be")
    if "error" in event:
        raise Broken("The engine reported an error in the middle of its answer")
    return event
