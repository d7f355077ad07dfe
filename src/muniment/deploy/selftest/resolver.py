"""A resolver that leaks: it answers on one network with what it finds by another. Nothing but the standard library."""

import socket
from contextlib import suppress

_MOST = 4096
_DOCKERS_OWN = ("127.0.0.11", 53)
"""Docker's resolver, in every container on a network that was made for a project."""


def main() -> None:
    """Answer until it is ended."""
    with socket.socket(type=socket.SOCK_DGRAM) as server:
        server.bind(("", 53))
        while True:
            question, asker = server.recvfrom(_MOST)
            with socket.socket(type=socket.SOCK_DGRAM) as onward, suppress(OSError):
                onward.settimeout(2)
                onward.sendto(question, _DOCKERS_OWN)
                server.sendto(onward.recv(_MOST), asker)


if __name__ == "__main__":
    main()
