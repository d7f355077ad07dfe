"""What this process finds of its own network where it must have none, without anybody's help."""

import errno
import socket
from collections.abc import Iterator
from pathlib import Path

from muniment.seal.claims import Check, Claim, Finding, Verdict
from muniment.server.interfaces import interfaces_up

NO_NETWORK = Claim(
    id="server-has-no-network",
    says="The server has no network but its loopback",
    mend="Take away the network that was joined to the server's container: muniment down, then muniment up.",
)
_SUBJECT = "server"
_TABLES = Path("/proc/self/net")
_ROUTES = (("route", 0), ("ipv6_route", -1))
"""The kernel's tables, and in which column each names the interface."""
_WITHIN = 1.0
_PORT = 443
_WAYS = ((socket.AF_INET, "192.0.2.1", "127.0.0.1"), (socket.AF_INET6, "2001:db8::1", "::1"))
"""An address that belongs to nobody (RFC 5737, RFC 3849), and where the control listens."""
_NO_WAY = {errno.ENETUNREACH}
_NO_IPV6 = {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL}
"""What the control ends with where the namespace has no IPv6 at all."""
_ON_THE_WAY = {errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ECONNREFUSED, errno.ECONNRESET}
"""What only comes when a packet had an interface to leave by."""


def look() -> Finding:
    """Whether the namespaces that this process is in have no network. Takes four seconds at most."""
    return Finding(claim=NO_NETWORK, checks=(_interfaces(), *_routes(), *_probes()))


def _interfaces() -> Check:
    what = "interfaces that are up, beside the loopback"
    try:
        count = interfaces_up()
    except OSError as error:
        return _check("kernel", what, _name(error), Verdict.UNPROVEN)
    return _check("kernel", what, str(count), Verdict.BROKEN if count else Verdict.HOLDS)


def _routes() -> Iterator[Check]:
    for table, column in _ROUTES:
        what = f"routes in /proc/net/{table}"
        try:
            lines = (_TABLES / table).read_text(encoding="ascii", errors="replace").splitlines()
        except FileNotFoundError:
            known = table == "ipv6_route"  # a kernel without IPv6; with nothing of /proc/net, nothing is known
            yield _check("kernel", what, "there is no such table", Verdict.HOLDS if known else Verdict.UNPROVEN)
        except OSError as error:
            yield _check("kernel", what, _name(error), Verdict.UNPROVEN)
        else:
            ways = {words[column] for line in lines if (words := line.split())} - {"Iface", "lo"}
            verdict = Verdict.BROKEN if ways else Verdict.HOLDS
            yield _check("kernel", what, ", ".join(sorted(ways)) or "none", verdict)


def _probes() -> Iterator[Check]:
    for family, outside, inside in _WAYS:
        control = _control(family, inside)
        if family is socket.AF_INET6 and control in _NO_IPV6:
            yield _check("kernel", "addresses of IPv6", "none, not even the loopback's", Verdict.HOLDS)
            continue
        number = _connected(family, outside, _PORT)
        yield _check("probe", f"TCP to {outside}:{_PORT}", _seen(number), _verdict(number, control), _seen(control))


def _control(family: socket.AddressFamily, address: str) -> int:
    """What comes of the same probe to a listener of this process's own."""
    try:
        with socket.create_server((address, 0), family=family) as listener:
            return _connected(family, address, listener.getsockname()[1])
    except OSError as error:
        return error.errno or errno.EIO


def _connected(family: socket.AddressFamily, address: str, port: int) -> int:
    """The number of the error that connecting ends with; 0 if it does not."""
    try:
        with socket.socket(family, socket.SOCK_STREAM) as line:
            line.settimeout(_WITHIN)
            line.connect((address, port))
    except TimeoutError:
        return errno.ETIMEDOUT
    except OSError as error:
        return error.errno or errno.EIO
    return 0


def _verdict(number: int, control: int) -> Verdict:
    if number == 0 or number in _ON_THE_WAY:
        return Verdict.BROKEN
    return Verdict.HOLDS if number in _NO_WAY and control == 0 else Verdict.UNPROVEN


def _check(method: str, what: str, seen: str, verdict: Verdict, control: str = "") -> Check:
    fields = {"method": method, "what": what, "seen": seen, "verdict": verdict, "control": control}
    return Check.model_validate({"subject": _SUBJECT, **fields})


def _seen(number: int) -> str:
    return errno.errorcode.get(number, str(number)) if number else "connected"


def _name(error: OSError) -> str:
    return _seen(error.errno or errno.EIO)
