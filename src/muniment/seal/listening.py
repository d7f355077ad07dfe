"""The verifier's listener as it is started, and what it tells: every address of this machine, and what arrived."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from select import select
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from muniment.seal.docker import Docker
from muniment.seal.kernel import local_addresses, resolvers, routes
from muniment.seal.probing import ISOLATED, PYTHON, THIS_MACHINE, ProbeFailed, bare_container

_PROGRAM = Path(__file__).with_name("listener.py")
_START_WITHIN, _TELL_WITHIN = 45.0, 10.0


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Listening(_Told):
    """Where it listens: TCP and UDP on ``port``, a DNS server on ``names_port``, at every address of the machine."""

    port: int
    names_port: int
    files: dict[str, str | None]

    @property
    def addresses(self) -> tuple[str, ...]:
        """The machine's addresses, but for those that lead to itself or need a link to be named."""
        return local_addresses(self.files.get("fib_trie") or "", self.files.get("if_inet6") or "")

    @property
    def routers(self) -> tuple[str, ...]:
        """Where this machine's own packets leave it."""
        return tuple(dict.fromkeys(one.router for one in routes(self.files.get("route") or "", "") if one.router))

    @property
    def resolvers(self) -> tuple[str, ...]:
        """Where it asks for names, beyond itself."""
        found = resolvers(self.files.get("resolv.conf") or "")
        return tuple(one for one in found if one not in self.addresses)


class _Arrived(_Told):
    arrived: frozenset[tuple[str, str]]


_Answer = TypeVar("_Answer", bound=_Told)


class Listener:
    """A listener that runs."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self.listening = self._line(Listening, _START_WITHIN)

    def arrived(self) -> frozenset[tuple[str, str]]:
        """What arrived, as the way and the probe's id; it ends with that. Raises ProbeFailed."""
        assert self._process.stdin is not None  # noqa: S101
        with suppress(OSError):  # it has ended, which is seen below
            self._process.stdin.write(b"\n")
            self._process.stdin.flush()
        return self._line(_Arrived, _TELL_WITHIN).arrived

    def _line(self, kind: type[_Answer], within: float) -> _Answer:
        """The next line that it says."""
        assert self._process.stdout is not None  # noqa: S101
        deadline, said = time.monotonic() + within, b""
        while not said.endswith(b"\n"):
            left = deadline - time.monotonic()
            readable, _, _ = select([self._process.stdout], [], [], max(0.0, left))
            piece = os.read(self._process.stdout.fileno(), 1 << 16) if readable else b""
            if not piece:
                raise ProbeFailed("the listener did not answer" if not readable else "the listener ended")
            said += piece
        try:
            return kind.model_validate_json(said)
        except ValidationError:
            raise ProbeFailed("the listener answered with something that cannot be understood") from None


@contextmanager
def listener(command: tuple[str, ...], token: str) -> Iterator[Listener]:
    """A listener for as long as the block lasts. Raises ProbeFailed if it does not come to listening."""
    try:
        process = subprocess.Popen(  # noqa: S603
            (*command, token),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the verifier, which then ends this
        )
    except OSError as error:
        raise ProbeFailed(f"the listener cannot be run: {error.strerror}") from None
    with process:
        try:
            yield Listener(process)
        finally:
            _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdin is not None  # noqa: S101
    with suppress(OSError):
        process.stdin.close()
    try:
        process.wait(_TELL_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()


def local_command() -> tuple[str, ...]:
    """How a listener is started on this machine, but for its token."""
    return (sys.executable, *ISOLATED, str(_PROGRAM))


def container_command(docker: Docker, image: str, user: str, token: str) -> tuple[str, ...]:
    """How it is started in a container with this machine's network, which takes no rights of the caller's."""
    options = ("--interactive", *THIS_MACHINE, "--entrypoint", PYTHON)
    text = _PROGRAM.read_text("utf-8")
    return (docker.program, *bare_container(token, user, *options), image, *ISOLATED, "-c", text)
