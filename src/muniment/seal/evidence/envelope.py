"""The envelope of a signed report: DSSE 1.0, with one signature by Ed25519.

Written by its specification (github.com/secure-systems-lab/dsse, ``protocol.md`` and ``envelope.md``)::

    {"payload": "<base64>", "payloadType": "<type>", "signatures": [{"keyid": "<hint>", "sig": "<base64>"}]}
"""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from muniment.seal.evidence.strictjson import strict_object

MOST_BYTES = 16 << 20
"""Of an envelope. Reports have some hundred kilobytes."""

_MOST_PARTS = 64
"""An envelope has some ten; a list of millions would take hundreds of times its size in memory."""

_URL_SAFE = str.maketrans("-_", "+/")


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload and its signature.

    Attributes:
        payload_type: how the payload is to be understood; it is signed too.
        key_id: a hint which key signed it, which is not signed itself; "" if there is none.
    """

    payload_type: str
    payload: bytes
    key_id: str
    signature: bytes

    @classmethod
    def sign(cls, payload_type: str, payload: bytes, key: Ed25519PrivateKey, key_id: str) -> "Envelope":
        """Put a payload into an envelope."""
        return cls(payload_type, payload, key_id, key.sign(pae(payload_type, payload)))

    def is_signed_by(self, key: Ed25519PublicKey) -> bool:
        """Whether the payload and its type are what the owner of ``key`` signed."""
        try:
            key.verify(self.signature, pae(self.payload_type, self.payload))
        except InvalidSignature:
            return False
        return True

    def to_bytes(self) -> bytes:
        """The envelope as it is written, with a line end after it; the same envelope gives the same bytes."""
        signature = {"keyid": self.key_id, "sig": base64.b64encode(self.signature).decode()}
        content = {
            "payload": base64.b64encode(self.payload).decode(),
            "payloadType": self.payload_type,
            "signatures": [signature],
        }
        return (json.dumps(content) + "\n").encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> "Envelope":
        """Parse an envelope; nothing of it is verified yet.

        Raises:
            ValueError: it is none, or not one with a single signature; the message ends a sentence.
        """
        if len(content) > MOST_BYTES:
            raise ValueError(f"it is longer than {MOST_BYTES:,} bytes, which no report is")
        if sum(map(content.count, (b"[", b"{", b","))) > _MOST_PARTS:
            raise ValueError("it has more parts than an envelope")
        fields = strict_object(content)
        if fields.keys() != {"payload", "payloadType", "signatures"}:
            raise ValueError("it does not have the fields of an envelope (payload, payloadType, signatures)")
        match fields["signatures"]:
            case [{"sig": signature, **rest}] if rest.keys() <= {"keyid"}:
                key_id = _text(rest.get("keyid", ""), "keyid")
            case [_]:
                raise ValueError("its signature does not have the fields of one (keyid, sig)")
            case list(several):
                raise ValueError(f"it has {len(several)} signatures instead of one")
            case _:
                raise ValueError("its signatures are no list")
        payload = _decoded(fields["payload"], "payload")
        return cls(_text(fields["payloadType"], "payloadType"), payload, key_id, _decoded(signature, "sig"))


def pae(payload_type: str, payload: bytes) -> bytes:
    """What is signed: DSSE's "pre-authentication encoding", which says how long each part is."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"its {name} is no text")  # noqa: TRY004  # of the content, not of a call
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(f"its {name} holds half a character") from None
    return value


def _decoded(value: Any, name: str) -> bytes:
    """Base64 of either alphabet, as DSSE wants it, but in one way only: no other text stands for the same bytes."""
    text = _text(value, name).translate(_URL_SAFE)
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):  # ValueError where it is not ASCII
        raise ValueError(f"its {name} is not base64") from None
    if base64.b64encode(decoded).decode() != text:
        raise ValueError(f"its {name} is not base64 as it is written")
    return decoded
