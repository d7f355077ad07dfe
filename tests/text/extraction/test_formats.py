"""Formats that a schema names are checked, whatever else is installed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.text.extraction.formats import FORMATS


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("date", "2024-02-29"),
        ("time", "10:15:00"),
        ("time", "10:15:00.25Z"),
        ("time", "23:59:59+02:00"),
        ("date-time", "2024-05-03T10:15:00"),
        ("date-time", "2024-05-03T10:15:00.123456789-11:30"),
        ("date-time", "2024-05-03 10:15:00Z"),
        ("duration", "P1Y2M3DT4H5M6S"),
        ("duration", "P3W"),
        ("duration", "PT1.5S"),
        ("hostname", "www.example-1.org"),
        ("hostname", "localhost"),
        ("uri", "https://example.org/a?b=c#d"),
        ("uri", "mailto:ada@example.org"),
        ("uri", "urn:isbn:0451450523"),
        ("email", "ada@example.org"),
        ("ipv4", "127.0.0.1"),
        ("ipv6", "::1"),
        ("regex", "^a$"),
        ("uuid", "123e4567-e89b-12d3-a456-426614174000"),
        ("iban", "anything"),
    ],
)
def test_what_is_in_a_format_fits(name: str, text: str) -> None:
    assert FORMATS.conforms(text, name)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("date", "2024-02-30"),
        ("date", "20240503"),
        ("time", "10:15"),
        ("time", "25:00:00"),
        ("time", "10:15:00+25:00"),
        ("time", "T101500"),
        ("date-time", "yesterday"),
        ("date-time", "2024-05-03"),
        ("date-time", "2024-02-30T10:15:00Z"),
        ("date-time", "٢٠٢٤-05-03T10:15:00"),
        ("duration", "P"),
        ("duration", "P1DT"),
        ("duration", "3 days"),
        ("duration", "P1S"),
        ("hostname", "-a.example"),
        ("hostname", "two words"),
        ("hostname", "a" * 64),
        ("hostname", ".".join(["a" * 60] * 5)),
        ("uri", "nonsense"),
        ("uri", "http://two words"),
        ("uri", "http://[::1"),
        ("email", "ada"),
        ("ipv4", "1.2.3.400"),
        ("ipv6", "1.2.3.4"),
        ("regex", "("),
        ("uuid", "123"),
    ],
)
def test_what_is_not_in_it_does_not(name: str, text: str) -> None:
    assert not FORMATS.conforms(text, name)


@given(st.datetimes(), st.text())
def test_what_python_writes_fits_and_no_text_is_too_odd(when: object, text: str) -> None:
    assert FORMATS.conforms(when.isoformat(timespec="microseconds"), "date-time")  # type: ignore[attr-defined]
    for name in FORMATS.checkers:
        FORMATS.conforms(text, name)
        assert FORMATS.conforms(3, name)
