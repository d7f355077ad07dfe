"""Bodies that still come when their requests are refused."""

import asyncio
from contextlib import suppress

from starlette.types import Receive

_PAUSE = 2.0
"""Seconds without a byte after which nothing more is waited for: whoever still sends makes no such pause, and whoever
has seen the refusal has stopped."""
_LONGEST = 30.0
"""Seconds in all, for which refused bodies hold a connection; as long as a head may take."""
_MOST = 1 << 30
"""Bytes: twice the longest upload, so that what is refused for its length may be too long by as much again."""


async def discard_rest(receive: Receive) -> None:
    """Read what still comes of a body, for a while, and keep nothing of it.

    The system ends a connection that is closed with something unread by a reset, and a client that gets one while it
    sends never sees the answer that came before; a gateway makes a 502 of it. Most read nothing before all is sent.
    """
    left = _MOST
    with suppress(TimeoutError):
        async with asyncio.timeout(_LONGEST):
            while left > 0:
                async with asyncio.timeout(_PAUSE):
                    message = await receive()
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return
                left -= len(message.get("body", b""))
