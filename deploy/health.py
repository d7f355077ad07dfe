"""Whether a server answers at /health: exit 0 or 1. A container's health check; needs nothing but Python.

Usage: health.py PATH_OF_SOCKET | HOST:PORT
"""

import socket
import sys

WITHIN = 5.0
REQUEST = b"GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n"


def answers(place: str) -> bool:
    """Whether what listens at ``place`` says 200."""
    try:
        with _connected(place) as connection:
            connection.settimeout(WITHIN)
            connection.sendall(REQUEST)
            return connection.makefile("rb").readline().split()[1:2] == [b"200"]
    except OSError:
        return False


def _connected(place: str) -> socket.socket:
    if "/" not in place:
        host, _, port = place.rpartition(":")
        return socket.create_connection((host, int(port)), WITHIN)
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(WITHIN)
    try:
        connection.connect(place)
    except OSError:
        connection.close()
        raise
    return connection


if __name__ == "__main__":
    sys.exit(0 if answers(sys.argv[1]) else 1)
