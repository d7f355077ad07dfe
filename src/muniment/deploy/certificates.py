"""The gateway's certificate: given, or made and signed by itself."""

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from muniment.deploy.files import DeploymentFolder
from muniment.errors import DeployError, unwritable

CERTIFICATE, KEY = "certificate.pem", "key.pem"
_VALID = timedelta(days=397)
"""What browsers accept at most."""
_RENEW = timedelta(days=30)
_SUBJECT = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Muniment, signed by itself")])
_NAMES = ("localhost", "127.0.0.1", "::1", "gateway")


def give(folder: DeploymentFolder, certificate: Path, key: Path) -> None:
    """Keep a certificate, with those that it was signed by, and its key.

    Raises:
        DeployError: they cannot be read, do not belong together, or hold no longer.
        OutputError: they cannot be kept.
    """
    try:
        _check_pair(certificate, key)
        texts = certificate.read_text(encoding="utf-8"), key.read_text(encoding="utf-8")
        first = x509.load_pem_x509_certificate(texts[0].encode())
    except (OSError, ValueError) as error:
        raise DeployError(
            f"{certificate} and {key} are no certificate and its key ({error})",
            "Both must be PEM, the key without a password.",
        ) from None
    _check_dates(first, certificate)
    _keep(folder, *texts)


def see_to(folder: DeploymentFolder, names: tuple[str, ...]) -> None:
    """See that there is a certificate: one that was given stays; one of our own is made anew where it lacks a name or
    ends soon, and one that is not whole in any case.

    Raises:
        DeployError: the one that was given holds no longer.
        OutputError: it cannot be kept.
    """
    wanted = tuple(dict.fromkeys((*_NAMES, *names)))
    if not _lasts(folder.tls, wanted):
        _keep(folder, *_make(wanted))


def trust(folder: Path) -> ssl.SSLContext:
    """What trusts the certificate in ``folder`` and no other, whoever signed it, and whatever name it is called by."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # it is asked at this machine's own address
    context.load_verify_locations(folder / CERTIFICATE)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _check_pair(certificate: Path, key: Path) -> None:
    """Raises OSError where they do not belong together. (No password, as one would be asked for.)"""
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")


def _check_dates(certificate: x509.Certificate, path: Path) -> None:
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not begin <= datetime.now(UTC) <= end:
        raise DeployError(
            f"{path} holds from {begin:%Y-%m-%d} to {end:%Y-%m-%d} only",
            "Give one that holds now, with --tls-certificate and --tls-key.",
        )


def name_in(folder: Path) -> str:
    """A name that the certificate in ``folder`` is for.

    Raises:
        DeployError: it is for none, or cannot be read.
    """
    path = folder / CERTIFICATE
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        names = _names_of(certificate)
    except (OSError, ValueError, x509.ExtensionNotFound) as error:
        raise DeployError(f"{path} tells no names that it is for ({error})", "Give another certificate.") from None
    if not names:
        raise DeployError(f"{path} is for no name that a client could ask for", "Give another certificate.")
    return names[0].replace("*", "gateway", 1)


def _names_of(certificate: x509.Certificate) -> list[str]:
    known = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [*known.get_values_for_type(x509.DNSName), *map(str, known.get_values_for_type(x509.IPAddress))]


def _lasts(folder: Path, names: tuple[str, ...]) -> bool:
    try:
        _check_pair(folder / CERTIFICATE, folder / KEY)  # who was stopped between the two left a new one and an old one
        certificate = x509.load_pem_x509_certificate((folder / CERTIFICATE).read_bytes())
        if certificate.subject != _SUBJECT:
            _check_dates(certificate, folder / CERTIFICATE)
            return True
        told = _names_of(certificate)
    except (OSError, ValueError, x509.ExtensionNotFound):
        return False
    return set(names) <= set(told) and certificate.not_valid_after_utc - datetime.now(UTC) > _RENEW


def _make(names: tuple[str, ...]) -> tuple[str, str]:
    """A certificate and its key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(_SUBJECT)
        .issuer_name(_SUBJECT)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + _VALID)
        .add_extension(x509.SubjectAlternativeName([_general(one) for one in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.public_bytes(serialization.Encoding.PEM).decode(), secret.decode()


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name.partition("%")[0]))
    except ValueError:
        return x509.DNSName(name)


def _keep(folder: DeploymentFolder, certificate: str, key: str) -> None:
    """The gateway's user must read both; that nobody else on this machine does is the deployment's folder's doing."""
    folder.make()
    try:
        folder.tls.mkdir(exist_ok=True)
        folder.tls.chmod(0o755)
        for name, text in ((CERTIFICATE, certificate), (KEY, key)):
            folder.write(f"tls/{name}", text)
            (folder.tls / name).chmod(0o644)
    except OSError as error:
        raise unwritable(folder.tls, error, "XDG_STATE_HOME") from None
