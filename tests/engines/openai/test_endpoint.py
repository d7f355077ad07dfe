"""Addresses as users write them."""

import pytest

from muniment.engines.openai import Endpoint
from muniment.errors import UsageError


def test_addresses_are_understood() -> None:
    assert Endpoint.parse("http://localhost:8001/v1/").base_url == "http://localhost:8001/v1"
    assert Endpoint.parse("https://ocr.example").base_url == "https://ocr.example/v1"
    assert Endpoint.parse("unix:/run/api.sock") == Endpoint(
        "unix:/run/api.sock", "http://localhost/v1", "/run/api.sock"
    )
    assert Endpoint.parse("unix:///run/api.sock").socket == "/run/api.sock"


@pytest.mark.parametrize(
    "address",
    ["", "embeded", "ftp://x/v1", "http://", "http://x:port/v1", "http://x/v1?key=1", "unix:", "localhost:8001"],
)
def test_what_is_no_address_is_refused_with_an_example(address: str) -> None:
    with pytest.raises(UsageError, match=r"Write|names no socket"):
        Endpoint.parse(address)


def test_keys_in_addresses_are_refused_without_being_quoted() -> None:
    with pytest.raises(UsageError) as refusal:
        Endpoint.parse("http://user:secret@host/v1")
    assert "secret" not in str(refusal.value)
