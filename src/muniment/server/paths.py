"""A request's path, as it is matched against the routes.

Paths that mean the same in several spellings let a request past a check on one of them. So there is one spelling, and
whatever else comes is no path at all.
"""

import re

_ENCODED = rb"%[0-9A-F]{2}"
_PLAIN = rb"[A-Za-z0-9._~!$&'()*+,;=:@-]"
_PATH = re.compile(rb"/|(?:/(?:%s|%s)+)+" % (_PLAIN, _ENCODED))
_ONE = re.compile(rb"%([0-9A-F]{2})")
_NEVER_ENCODED = frozenset(b"/\\%.-_~ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
"""Encoded, these are another spelling of a path, or a second path inside the first."""
_MODELS = b"/v1/models/"


def normalised(raw_path: bytes) -> str | None:
    """The path with its percent-encoding undone once; None if it is not in normal form.

    A model's name is the rest of its path and may hold slashes, encoded or not, and begin with an encoded one.

    Normal form begins with a slash and has no empty segment, no "." and no "..". Only what has to be encoded is, in
    capital hexadecimals, and makes printable UTF-8; slashes, backslashes and percent signs are in no segment.

    Args:
        raw_path: as it was received, without the query.
    """
    if not raw_path.startswith(_MODELS):
        return _normalised(raw_path)
    name = raw_path.removeprefix(_MODELS)
    path = _normalised(b"/" + name.removeprefix(b"%2F").replace(b"%2F", b"/")) if name else None
    begins = "/" if name.startswith(b"%2F") else ""
    return None if path is None else _MODELS.decode() + begins + path.removeprefix("/")


def _normalised(raw_path: bytes) -> str | None:
    if not _PATH.fullmatch(raw_path):
        return None
    encoded = {int(digits, 16) for digits in _ONE.findall(raw_path)}
    if encoded & _NEVER_ENCODED:
        return None
    try:
        path = _ONE.sub(lambda found: bytes([int(found[1], 16)]), raw_path).decode()
    except UnicodeDecodeError:
        return None
    if not path.isprintable() or not {".", ".."}.isdisjoint(path.split("/")):
        return None
    return path
