"""Reading a file whose descriptor other processes read at the same time."""

import io
import os
from typing import BinaryIO, cast

BUFFER = 1 << 16


class _PositionedReader(io.RawIOBase):
    """A descriptor with a position of its own: a passed descriptor shares its position with whoever passed it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = os.pread(self._descriptor, len(buffer), self._position)
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position}.get(whence)
        if start is None:
            start = os.fstat(self._descriptor).st_size
        if start + offset < 0:
            raise OSError("seek before the start of the file")
        self._position = start + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()


def open_shared(descriptor: int) -> BinaryIO:
    """A binary file over ``descriptor``, which it owns from now on. Raises OSError as files do."""
    return cast("BinaryIO", io.BufferedReader(_PositionedReader(descriptor), BUFFER))
