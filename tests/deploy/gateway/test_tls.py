"""TLS, when there is a certificate."""

import shutil
import socket
import ssl
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.deploy.gateway.running import Gateway, folder, gateway, own, stand_in
from tests.deploy.gateway.starting import start
from tests.required import missing
from tests.server.serving import until


def make_certificate(place: Path, name: str = "localhost") -> None:
    """A key and a certificate that it has signed itself."""
    openssl = shutil.which("openssl") or missing("nginx", "openssl, which makes certificates for it, is not installed")
    files = ["-keyout", str(place / "key.pem"), "-out", str(place / "certificate.pem")]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    told = ["-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([openssl, "req", "-x509", *kind, *told, *files], check=True, capture_output=True)
    own(place / "key.pem")


@pytest.fixture
def tls() -> Iterator[Path]:
    """A folder with a certificate."""
    with folder() as place:
        make_certificate(place)
        yield place


@pytest.fixture
def secure(tls: Path) -> Iterator[Gateway]:
    """A gateway that speaks TLS."""
    with stand_in() as service, gateway(service.path, tls=tls) as running:
        yield running


def trusting(tls: Path) -> ssl.SSLContext:
    """For a client who trusts in that certificate."""
    return ssl.create_default_context(cafile=str(tls / "certificate.pem"))


def subject(running: Gateway, context: ssl.SSLContext) -> str:
    """Whom the gateway's certificate names."""
    with running.connected() as connection, context.wrap_socket(connection, server_hostname="localhost") as secured:
        told = secured.getpeercert()
        assert told is not None
        return str(told["subject"]).split("'")[-2]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_what_is_current_is_spoken(secure: Gateway, tls: Path, version: ssl.TLSVersion) -> None:
    context = trusting(tls)
    context.minimum_version = context.maximum_version = version
    assert httpx.get(f"https://localhost:{secure.port}/v1/models", verify=context).status_code == 200


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_what_is_outdated_is_not(secure: Gateway, tls: Path, version: ssl.TLSVersion) -> None:
    context = trusting(tls)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that it is outdated is why it is tried
        context.minimum_version = context.maximum_version = version
    with secure.connected() as connection, pytest.raises(ssl.SSLError) as caught:
        context.wrap_socket(connection, server_hostname="localhost")
    assert caught.value.reason == "TLSV1_ALERT_PROTOCOL_VERSION", "the gateway did not refuse it"


@pytest.mark.parametrize("cipher", ["AES128-SHA", "ECDHE-ECDSA-AES128-SHA", "AES128-GCM-SHA256"])
def test_nor_are_ciphers_that_a_stolen_key_or_an_altered_record_gets_the_better_of(
    secure: Gateway, tls: Path, cipher: str
) -> None:
    context = trusting(tls)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(cipher)
    with secure.connected() as connection, pytest.raises(ssl.SSLError) as caught:
        context.wrap_socket(connection, server_hostname="localhost")
    assert caught.value.reason == "SSLV3_ALERT_HANDSHAKE_FAILURE", "the gateway did not refuse it"


def test_without_tls_it_is_told_to_speak_it(secure: Gateway) -> None:
    answer = httpx.get(f"{secure.url}/v1/models")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "tls_needed")


def test_the_health_check_speaks_none(secure: Gateway) -> None:
    assert subprocess.run([secure.run.parent / "configuration" / "health.sh"]).returncode == 0


def test_a_new_certificate_is_taken_up(secure: Gateway, tls: Path) -> None:
    context = trusting(tls)
    assert subject(secure, context) == "localhost"
    make_certificate(tls, "renewed")
    context.load_verify_locations(str(tls / "certificate.pem"))
    secure.reload()
    until(lambda: subject(secure, context) == "renewed" or None)


@pytest.mark.parametrize("name", ["certificate.pem", "key.pem"])
def test_a_half_of_it_is_refused(tls: Path, name: str) -> None:
    (tls / name).unlink()
    with folder() as place:
        done = start(place, MUNIMENT_TLS=str(tls))
    assert (done.returncode, done.stderr) == (1, f"gateway: {tls} has to hold both certificate.pem and key.pem\n")


def test_what_was_asked_for_and_is_not_there_is_not_done_without(tmp_path: Path) -> None:
    with folder() as place:
        done = start(place, MUNIMENT_TLS=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr == f"gateway: there is no certificate.pem in {tmp_path}, which MUNIMENT_TLS names\n"


def test_a_socket_is_not_needed_for_a_handshake_that_breaks_off(secure: Gateway, tls: Path) -> None:
    """And others are served meanwhile."""
    with secure.connected() as connection, socket.create_connection(("127.0.0.1", secure.port)) as silent:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01")
        silent.sendall(b"\x16")
        assert httpx.get(f"https://localhost:{secure.port}/v1/models", verify=trusting(tls)).status_code == 200
