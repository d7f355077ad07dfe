"""The key that a deployment's reports are signed with, and what they are checked by."""

import contextlib
import hashlib
import os
import re
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from muniment.errors import EvidenceError, unwritable
from muniment.seal.evidence.files import put, sync

SECRET_NAME = "evidence-key.pem"  # noqa: S105  # its name
PUBLIC_NAME = "evidence-public-key.pem"
_OPTION = "XDG_STATE_HOME"
_MOST_BYTES = 1 << 14
_FINGERPRINT_DIGITS = 32
_FINGERPRINT = re.compile(r"[0-9a-f]{32}")
_SEPARATORS = re.compile(r"[\s:-]+")
_KEY_ID = re.compile(r"[0-9a-f]{64}")
_ELSE_ANEW = (
    "Bring back a copy. Without one, move it away: another key is made, in a new folder of reports, and its public key "
    "must be handed out anew."
)


class PublicKey:
    """What a report's signature is checked with."""

    def __init__(self, key: Ed25519PublicKey) -> None:
        self.key = key

    @property
    def id(self) -> str:
        """The key itself as 64 hexadecimal digits: 32 bytes, as short as a hash of it would be."""
        return self.key.public_bytes_raw().hex()

    @property
    def fingerprint(self) -> str:
        """For reading over the phone: half of the SHA-256 of its DER, in eight groups of four hexadecimal digits.

        ``openssl pkey -pubin -in evidence-public-key.pem -outform DER | sha256sum`` gives the same digits.
        """
        der = self.key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        digits = hashlib.sha256(der).hexdigest()[:_FINGERPRINT_DIGITS]
        return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))

    def to_pem(self) -> bytes:
        """The key as it is handed out."""
        return self.key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


class SigningKey:
    """What a deployment's reports are signed with."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self.key = key
        self.public = PublicKey(key.public_key())


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose signature is believed.

    Attributes:
        fingerprint: the key's.
        key: None where only the fingerprint was given; reports bear their key, which is then held to it.
    """

    fingerprint: str
    key: PublicKey | None = None

    def key_of(self, key_id: str) -> PublicKey:
        """The key to check a report with.

        Args:
            key_id: the hint in the report's envelope.

        Raises:
            ValueError: the hint is another key than the fingerprint is of; the message ends a sentence.
        """
        if self.key is not None:
            return self.key
        if not _KEY_ID.fullmatch(key_id):
            raise ValueError("it does not bear the key that it was signed with, so that a fingerprint is not enough")
        key = PublicKey(Ed25519PublicKey.from_public_bytes(bytes.fromhex(key_id)))
        if key.fingerprint != self.fingerprint:
            raise ValueError(f"it was signed with the key {key.fingerprint}, and not with {self.fingerprint}")
        return key


def signing_key(folder: Path) -> SigningKey:
    """The key in a deployment's state folder, made when it is first asked for; its public key is written beside it.

    Args:
        folder: made, for its owner only, if it is missing.

    Raises:
        EvidenceError: the key is damaged, or others can read it.
        OutputError: it can be neither read nor made.
    """
    path = folder / SECRET_NAME
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.path.lexists(path):
            _make(path)
        key = SigningKey(_parsed(_read_secret(path), path))
        _hand_out(folder / PUBLIC_NAME, key.public)
    except OSError as error:
        raise unwritable(path, error, _OPTION) from None
    return key


def trust(given: str) -> Trust:
    """What ``--key`` means: a fingerprint as it is shown, or the file of a public key (PEM).

    Raises:
        EvidenceError: it is neither.
    """
    digits = _SEPARATORS.sub("", given).lower()
    if _FINGERPRINT.fullmatch(digits):
        return Trust(" ".join(digits[at : at + 4] for at in range(0, _FINGERPRINT_DIGITS, 4)))
    key = public_key(Path(given))
    return Trust(key.fingerprint, key)


def public_key(path: Path) -> PublicKey:
    """The public key in a file (PEM).

    Raises:
        EvidenceError: there is none.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES)
    except OSError as error:
        raise EvidenceError(
            f"The public key {path} cannot be read: {error.strerror}",
            f"Give the deployment's {PUBLIC_NAME}, or the key's fingerprint.",
        ) from None
    try:
        key = serialization.load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        what = "holds a secret key, which belongs nowhere else" if b"PRIVATE KEY" in content else "is no such key"
        raise EvidenceError(
            f"Reports are checked with a public key of Ed25519 as PEM, and {path} {what}",
            f"Give the deployment's {PUBLIC_NAME}, or the key's fingerprint.",
        )
    return PublicKey(key)


def _make(path: Path) -> None:
    """Put a new key into its place whole, unless another process was first; one that is there is never replaced."""
    secret = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(part, path)
    finally:
        part.unlink(missing_ok=True)
    sync(path.parent)


def _read_secret(path: Path) -> bytes:
    with os.fdopen(os.open(path, os.O_RDONLY | _NO_LINK), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise EvidenceError(f"{path} is not a file", _ELSE_ANEW)
        if os.name == "posix" and (mode := stat.S_IMODE(status.st_mode)) & 0o077:
            raise EvidenceError(
                f"Others on this machine may read {path}, which signs reports (mode {mode:04o})",
                "If nobody did, run chmod 600 on it. Otherwise move it away: another key is made, in a new folder of "
                "reports, and whoever has the old public key must be told not to believe it any more.",
            )
        return file.read(_MOST_BYTES)


def _parsed(content: bytes, path: Path) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # TypeError where it wants a password
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise EvidenceError(f"{path}, which signs reports, is damaged, or no key of Ed25519 as PEM", _ELSE_ANEW)
    return key


def _hand_out(path: Path, key: PublicKey) -> None:
    """See that the public key beside the secret one is this one."""
    pem = key.to_pem()
    if not path.is_file() or path.read_bytes() != pem:
        put(path, pem)


_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""Neither following links nor waiting for a pipe; Windows lacks some of that."""
