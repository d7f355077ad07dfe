"""The service on its socket, until it is told to stop."""

import ipaddress
import logging
import os
import resource
import signal
import socket
import stat
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import cast

import uvicorn

from muniment.errors import MunimentError, UsageError
from muniment.server.allocator import tune_allocator
from muniment.server.app import make_app
from muniment.server.connections import Connection, most_connections, raise_descriptors
from muniment.server.keys import KeyStore
from muniment.server.settings import ServeSettings
from muniment.server.store import Database

log = logging.getLogger("muniment.server")

_GRACE = 5
"""Seconds that requests under way get when the service is told to stop."""
_BACKLOG = 2048


def serve(settings: ServeSettings, tell: Callable[[str], None]) -> None:
    """Serve until a signal comes, which is how a service ends and no mishap.

    Args:
        tell: told where it listens, once it does.

    Raises:
        UsageError: it would be open to others without a key.
        MunimentError: the address cannot be had.
    """
    _check_keys(settings)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump of this process would hold what clients sent
    most = most_connections(raise_descriptors())
    tune_allocator()
    listener = _listener(settings)
    tell(str(settings.socket or f"http://{_shown(settings.host)}:{listener.getsockname()[1]}"))
    try:
        server = make_server(settings, most)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup ignores it on purpose
            signal.signal(signal.SIGHUP, server.handle_exit)  # the others uvicorn hears by itself
        with suppress(KeyboardInterrupt):  # uvicorn passes the signal on when all is closed
            server.run(sockets=[listener])
    finally:
        listener.close()
        if settings.socket is not None:
            settings.socket.unlink(missing_ok=True)


def make_server(settings: ServeSettings, most_at_once: int) -> uvicorn.Server:
    """The service, ready to be run on sockets; it serves so many connections at once."""
    return uvicorn.Server(
        uvicorn.Config(
            make_app(settings),
            http=cast("type[Connection]", partial(Connection, most=most_at_once)),  # uvicorn only calls it
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ws="none",
            lifespan="on",
            timeout_graceful_shutdown=_GRACE,
        )
    )


def _check_keys(settings: ServeSettings) -> None:
    if settings.socket is None and is_loopback(settings.host):
        return
    database = Database(settings.data)
    try:
        if KeyStore(database).any_made():
            return
    finally:
        database.close()
    if settings.socket is None:
        raise UsageError(
            f"On {settings.host} everybody who can reach this machine could read with it",
            "Make a key first: muniment key add NAME.",
        )
    log.warning(
        "No key was made: whoever may open %s can read with it. Make one with muniment key add NAME (of a sealed "
        "deployment: muniment deployed key add NAME), or have a gateway that knows its clients be the only one "
        "who may.",
        settings.socket,
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches ``host``; a name counts if all that it stands for does."""
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, None)}
    except OSError:
        return False
    return all(ipaddress.ip_address(address.split("%")[0]).is_loopback for address in found)


def _listener(settings: ServeSettings) -> socket.socket:
    try:
        if settings.socket is not None:
            return _unix(settings.socket)
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        return _at_once(socket.create_server((settings.host, settings.port), family=family, backlog=_BACKLOG))
    except OSError as error:
        where = settings.socket or f"{settings.host}:{settings.port}"
        raise MunimentError(
            f"{where} cannot be listened on: {error.strerror}", "Stop what uses it, or choose another with --port."
        ) from None


def _at_once(listener: socket.socket) -> socket.socket:
    """``listener``, and its connections send every piece of an answer at once.

    Else they keep the second back until the client says that it has the first, which it takes 40 ms for. asyncio sees
    to that itself where a socket names its protocol, which these do not.
    """
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _is_listened_on(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except ConnectionRefusedError:
            return False
    return True


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _unix(path: Path) -> socket.socket:
    """A socket that its owner and group may connect to; one that a killed service left is replaced."""
    with suppress(FileNotFoundError):
        if stat.S_ISSOCK(path.lstat().st_mode) and not _is_listened_on(path):
            path.unlink()
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o117)
    try:
        listener.bind(str(path))
    except OSError:
        listener.close()
        raise
    finally:
        os.umask(before)
    listener.listen(_BACKLOG)
    return listener
