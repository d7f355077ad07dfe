"""The envelope is DSSE's: by its specification's examples, and strict about everything that is not signed."""

import base64
import json
import re
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.seal.evidence.envelope import MOST_BYTES, Envelope, pae
from tests.seal.evidence.making import KEY, OTHER_KEY

RFC_8032_TEST_1 = Ed25519PublicKey.from_public_bytes(
    bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
)
"""The key of the specification's vectors."""
STATEMENT = "eyJfdHlwZSI6Imh0dHBzOi8vaW4tdG90by5pby9TdGF0ZW1lbnQvdjEifQ=="
IN_TOTO = "application/vnd.in-toto+json"
OF_STATEMENT = "2WAfaHm5jluo0w+0rk8uVkluELJYWjSmU9x7EUzx+AyteDGJ4/nqyJXfmAUVFIAoQafWm7AxBZNw5M9ixNHiCA=="
OF_BYTES = "P-_KHICeR7tI6S_YyejJTRtrXhcQyQ2LYPaL8h90KjC9qN8HU_svOQ6TuDOT1HIrsGW886DbWNWcCmX5twLrAw=="
OF_UMLAUT = "xmSk/ug66ysT7ayhkCIjhAq42zgZXSsEWuzUaNL7w2eGAdF/NU6/fRXPtmfN+5DNSAs5/i2lUnHjbbjPsu0tAw=="
OF_NOTHING = "gSggCAaTLTYyRH6FIDBem6meyIynsYy8RTHVzwx9tnTb7Bg/1jMWnuVgI/gffqmbsC2VX5/jHfkkDqsj7CDbDg=="


def fields(**other: Any) -> dict[str, Any]:
    signatures = [{"sig": OF_STATEMENT, "keyid": "A"}]
    return {"payload": STATEMENT, "payloadType": IN_TOTO, "signatures": signatures} | other


def parsed(content: dict[str, Any]) -> Envelope:
    return Envelope.from_bytes(json.dumps(content).encode())


def test_what_is_signed_is_the_protocols_example() -> None:
    example = pae("http://example.com/HelloWorld", b"hello world")
    assert example == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    x = 46950820868899156662930047687818585632848591499744589407958293238635476079160
    y = 5640078356564379163099075877009565129882514886557779369047442380624545832820
    signature = base64.b64decode(
        "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA=="
    )
    numbers = [int.from_bytes(signature[at : at + 32], "big") for at in (0, 32)]
    key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    key.verify(encode_dss_signature(numbers[0], numbers[1]), example, ec.ECDSA(hashes.SHA256()))


@pytest.mark.parametrize(
    ("payload_type", "payload", "signature"),
    [
        (IN_TOTO, STATEMENT, OF_STATEMENT),
        (IN_TOTO, "-_-_Pj8=", OF_BYTES),
        ("application/vnd.exämple+json", STATEMENT, OF_UMLAUT),
        (IN_TOTO, "", OF_NOTHING),
    ],
    ids=["standard", "url-safe base64", "a type of more bytes than characters", "empty"],
)
def test_the_specifications_vectors_are_accepted(payload_type: str, payload: str, signature: str) -> None:
    vector = fields(payloadType=payload_type, payload=payload, signatures=[{"sig": signature, "keyid": "A"}])
    assert parsed(vector).is_signed_by(RFC_8032_TEST_1)


def test_a_swapped_type_is_not_what_was_signed() -> None:
    assert not parsed(fields(payloadType="application/vnd.example.other+json")).is_signed_by(RFC_8032_TEST_1)


def test_the_key_id_is_a_hint_and_may_be_missing() -> None:
    assert parsed(fields(signatures=[{"sig": OF_STATEMENT}])).is_signed_by(RFC_8032_TEST_1)


def test_another_key_did_not_sign_it() -> None:
    assert not parsed(fields()).is_signed_by(OTHER_KEY.public.key)


@settings(deadline=None)
@given(st.text(), st.binary(), st.text())
def test_an_envelope_comes_back_as_it_was_written(payload_type: str, payload: bytes, key_id: str) -> None:
    envelope = Envelope.sign(payload_type, payload, KEY.key, key_id)
    assert envelope.is_signed_by(KEY.public.key)
    assert Envelope.from_bytes(envelope.to_bytes()) == envelope


ONE = json.dumps(fields())
REFUSED = {
    "nothing": (b"", "it is not JSON from character 0 on"),
    "no UTF-8": (b'{"payload": "\xff"}', "it is not UTF-8"),
    "a list": (b"[]", "it is not a JSON object"),
    "too deep": (b'{"payload": ' * 60, "it is not JSON"),
    "too many parts": (b'{"payload": [' + b"[]," * 1000, "it has more parts than an envelope"),
    "too long": (b" " * (MOST_BYTES + 1), "it is longer than 16,777,216 bytes"),
    "something after it": (ONE.encode() + b"{}", "it is not JSON"),
    "a field twice": (b'{"payload": "", ' + ONE.encode()[1:], "a field stands twice in it"),
    "a field of a signature twice": (ONE.replace('"keyid"', '"sig": "", "keyid"').encode(), "a field stands twice"),
    "not a number": (b'{"payload": NaN}', "a number in it is not a whole one"),
    "a huge number": (b'{"payload": ' + b"9" * 5000 + b"}", "a number in it is too large"),
}


@pytest.mark.parametrize(("content", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_one_envelope_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{reason}"):
        Envelope.from_bytes(content)


SIGNATURE = {"sig": OF_STATEMENT, "keyid": "A"}
MALFORMED: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown field": (fields(more=1), "it does not have the fields of an envelope"),
    "no payload": ({"payloadType": IN_TOTO, "signatures": [SIGNATURE]}, "it does not have the fields of an envelope"),
    "no signature": (fields(signatures=[]), "it has 0 signatures instead of one"),
    "the signature twice": (fields(signatures=[SIGNATURE, SIGNATURE]), "it has 2 signatures instead of one"),
    "signatures that are no list": (fields(signatures=SIGNATURE), "its signatures are no list"),
    "an unknown field of the signature": (
        fields(signatures=[SIGNATURE | {"cert": ""}]),
        "its signature does not have the fields of one",
    ),
    "a signature without one": (fields(signatures=[{"keyid": "A"}]), "its signature does not have the fields of one"),
    "bad base64": (fields(payload="e!=="), "its payload is not base64"),
    "base64 without its end": (fields(payload="eyI"), "its payload is not base64"),
    "base64 with bits that nobody reads": (fields(payload="eyJ9eR=="), "its payload is not base64 as it is written"),
    "base64 over lines": (fields(payload="eyJf\nInt9"), "its payload is not base64"),
    "base64 that is not ASCII": (fields(payload="eyJf\u00e4"), "its payload is not base64"),
    "a payload that is no text": (fields(payload=1), "its payload is no text"),
    "a type that is no text": (fields(payloadType=None), "its payloadType is no text"),
    "half a character": (fields(payloadType="\ud800"), "its payloadType holds half a character"),
}


@pytest.mark.parametrize(("content", "reason"), MALFORMED.values(), ids=MALFORMED)
def test_what_does_not_fit_an_envelopes_fields_is_refused(content: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(reason)}"):
        parsed(content)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_an_envelope_or_refused(content: bytes) -> None:
    try:
        Envelope.from_bytes(content)
    except ValueError as error:
        assert str(error).startswith("it")  # noqa: PT017  # whether it raises is open
