"""A place for many together, or for one alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Room:
    """Many may be in it at once, or one who wants to be alone; whoever wants that goes before those who come later."""

    def __init__(self) -> None:
        self._inside = 0
        self._wish_to_be_alone = 0
        self._is_one_alone = False
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def shared(self) -> AsyncIterator[None]:
        """Be in it with others."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._wish_to_be_alone)
            self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1
            async with self._changed:
                self._changed.notify_all()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Be in it without anybody else."""
        self._wish_to_be_alone += 1
        try:
            async with self._changed:
                await self._changed.wait_for(lambda: not self._inside and not self._is_one_alone)
                self._is_one_alone = True
            try:
                yield
            finally:
                self._is_one_alone = False
        finally:
            self._wish_to_be_alone -= 1
            async with self._changed:
                self._changed.notify_all()
