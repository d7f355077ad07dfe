"""Answers whose clients do not take them."""

import asyncio
import fcntl
import struct
import termios

_STALL = 30.0
"""Seconds in which a client takes something of what is sent to it, or counts as gone."""
_LOOK_EVERY = 1.0


class SendWatch:
    """Breaks a connection off whose client takes nothing: the answer it does not read holds a place at a model.

    What counts is that bytes go, and not how many: an answer may take long over a poor line.

    Args:
        transport: of one connection.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._clock = asyncio.get_running_loop().time
        self._next: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """There is something that the system does not take off our hands now."""
        self.end()
        self._look(_waiting(self._transport) + 1, self._clock())

    def end(self) -> None:
        """There is not, or the connection is gone."""
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def _look(self, before: int, moved: float) -> None:
        """Look whether there is less than ``before``, which was so at ``moved``, and look again later."""
        left, now = _waiting(self._transport), self._clock()
        if left < before:
            moved = now
        if now - moved >= _STALL:
            self._transport.abort()
        else:
            self._next = asyncio.get_running_loop().call_later(_LOOK_EVERY, self._look, left, moved)


def _waiting(transport: asyncio.Transport) -> int:
    """Bytes that the client's side has not taken yet.

    Those that the system holds count too: of a slow client, it takes new ones only when many of them are gone.
    """
    answer = fcntl.ioctl(transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, bytes(4))
    return transport.get_write_buffer_size() + int(struct.unpack("i", answer)[0])
