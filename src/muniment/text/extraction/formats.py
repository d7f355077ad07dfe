"""Which texts are in a format that a schema names; docs/cli.md lists those that are checked."""

import datetime as dt
import re
from urllib.parse import urlsplit

from jsonschema import FormatChecker

_OFFSET = r"(?:[Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)?"
_TIME = rf"\d\d:\d\d:\d\d(?:\.\d+)?{_OFFSET}"
_IS_TIME = re.compile(_TIME, re.ASCII)
_IS_DATE_TIME = re.compile(rf"\d{{4}}-\d\d-\d\d[Tt ]{_TIME}", re.ASCII)
_IS_DURATION = re.compile(
    r"P(?:\d+W|(?=\d|T\d)(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?)", re.ASCII
)
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_IS_HOST_NAME = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*")
_IS_URI = re.compile(r"""[A-Za-z][A-Za-z0-9+.-]*:[^\s\x00-\x1f\x7f<>"{}|\\^`]+""")

FORMATS = FormatChecker(("date", "email", "ipv4", "ipv6", "regex", "uuid"))
"""Checks texts only; formats that it does not know it lets pass."""


@FORMATS.checks("time", raises=ValueError)
def is_time(value: object) -> bool:
    """Whether a text is a time of RFC 3339; its offset may be left out, as documents rarely tell it."""
    if not isinstance(value, str):
        return True
    return bool(_IS_TIME.fullmatch(value) and dt.time.fromisoformat(value[:8]))


@FORMATS.checks("date-time", raises=ValueError)
def is_date_time(value: object) -> bool:
    """Whether a text is a date and a time of RFC 3339; its offset may be left out."""
    if not isinstance(value, str):
        return True
    return bool(_IS_DATE_TIME.fullmatch(value) and dt.datetime.fromisoformat(value[:19]))


@FORMATS.checks("duration")
def is_duration(value: object) -> bool:
    """Whether a text is a duration of ISO 8601, such as P3DT12H."""
    return not isinstance(value, str) or bool(_IS_DURATION.fullmatch(value))


@FORMATS.checks("hostname")
def is_host_name(value: object) -> bool:
    """Whether a text is a name of RFC 1123."""
    return not isinstance(value, str) or bool(_IS_HOST_NAME.fullmatch(value))


@FORMATS.checks("uri", raises=ValueError)
def is_uri(value: object) -> bool:
    """Whether a text has a scheme, and nothing in it that no address has."""
    if not isinstance(value, str):
        return True
    return bool(_IS_URI.fullmatch(value) and urlsplit(value).scheme)
