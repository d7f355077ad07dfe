"""Certificates as people bring them: signed by themselves or by an authority, good or past their time."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Signed:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def secret(self, password: bytes = b"") -> str:
        locked = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
        form = serialization.PrivateFormat.PKCS8
        return self.key.private_bytes(serialization.Encoding.PEM, form, locked).decode()


def signed(name: str, by: Signed | None = None, *, authority: bool = False, ends_in: int = 90) -> Signed:
    """A certificate for a DNS name, signed by itself unless ``by`` another; ``ends_in`` days."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=365))
        .not_valid_after(now + timedelta(days=ends_in))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    )
    return Signed(builder.sign(by.key if by else key, hashes.SHA256()), key)


def written(folder: Path, certificate: str, key: str) -> tuple[Path, Path]:
    """The paths of both in ``folder``, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / "given.pem", folder / "given.key"
    for path, text in zip(paths, (certificate, key), strict=True):
        path.write_text(text, encoding="utf-8")
    return paths
