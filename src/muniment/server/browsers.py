"""Requests that a browser sends for a page that is not the service's own.

A page from anywhere may have the browser send to this machine. It reads no answer of another origin, but what it sends
is done all the same; and a page whose name comes to stand for this machine (DNS rebinding) counts as the same origin.
"""

import re
from collections.abc import Collection

from starlette.datastructures import Headers

from muniment.server.errors import ApiError

_THIS_MACHINE = re.compile(r"(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]*)?", re.IGNORECASE)
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def check_page(headers: Headers) -> None:
    """Raises ApiError, 403, if another origin's page asks; what is no browser names no page and passes."""
    origin = headers.get("origin")
    is_other = origin is not None and not _is_own(origin, headers.get("host", ""))
    if is_other or headers.get("sec-fetch-site", "").lower() == "cross-site":
        message = "Pages of other origins may not use this service. Call it from a program, or from its own address."
        raise ApiError(403, "permission_error", message, code="cross_origin")


def _is_own(origin: str, host: str) -> bool:
    """Whether ``origin`` is at ``host``. The scheme is not compared: a gateway may have taken TLS off."""
    scheme, _, authority = origin.lower().partition("://")
    port = _DEFAULT_PORTS.get(scheme)
    return port is not None and authority.removesuffix(port) == host.lower().removesuffix(port)


def names_this_machine(host: str) -> bool:
    """Whether a Host header names this machine in a way that nobody's DNS has a say in."""
    return _THIS_MACHINE.fullmatch(host) is not None


def is_one_of(host: str, names: Collection[str]) -> bool:
    """Whether a Host header, whatever port it names, is one of ``names`` in small letters."""
    return host.lower().partition(":")[0] in names


def other_name() -> ApiError:
    """The refusal of a request with another name while no key protects the service."""
    message = (
        "Without a key the service answers only to localhost, 127.0.0.1 and [::1]. "
        "To call it by another name, make a key first: muniment key add NAME."
    )
    return ApiError(403, "permission_error", message, code="host_not_allowed")
