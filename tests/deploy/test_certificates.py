"""The gateway's certificate is given, or made; and whichever it is, it is trusted and no other."""

import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509

from muniment.deploy import certificates
from muniment.deploy.certificates import CERTIFICATE, KEY, give, see_to, trust
from muniment.deploy.files import DeploymentFolder
from muniment.errors import DeployError, OutputError
from tests.deploy.front import front
from tests.deploy.making_certificates import signed, written


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DeploymentFolder:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return DeploymentFolder("deeds")


def kept(folder: DeploymentFolder) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder.tls / CERTIFICATE).read_bytes())


def names_of(certificate: x509.Certificate) -> set[str]:
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))}


def is_answered(folder: DeploymentFolder) -> bool:
    """Whether who trusts the folder's certificate gets an answer from who has it."""
    with front("yes", tls=folder.tls) as server:
        try:
            return (
                httpx.get(f"https://127.0.0.1:{server.port}/", verify=trust(folder.tls), trust_env=False).text == "yes"
            )
        except httpx.ConnectError:
            return False


def test_one_is_made_for_this_machine_and_the_names_asked_for(folder: DeploymentFolder) -> None:
    see_to(folder, ("reading.example", "192.0.2.7", "2001:db8::1"))
    made = kept(folder)
    assert names_of(made) == {
        *("localhost", "127.0.0.1", "::1", "gateway"),
        *("reading.example", "192.0.2.7", "2001:db8::1"),
    }
    assert timedelta(days=390) < made.not_valid_after_utc - datetime.now(UTC) <= timedelta(days=397)
    assert not made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert is_answered(folder)


def test_one_that_was_made_stays(folder: DeploymentFolder) -> None:
    see_to(folder, ("reading.example", "127.0.0.1"))
    first = kept(folder)
    see_to(folder, ("reading.example",))
    see_to(folder, ())
    assert kept(folder) == first


def test_a_new_name_makes_a_new_one(folder: DeploymentFolder) -> None:
    see_to(folder, ())
    first = kept(folder)
    see_to(folder, ("192.0.2.7",))
    assert kept(folder) != first
    assert "192.0.2.7" in names_of(kept(folder))


def test_one_that_ends_soon_is_made_anew(folder: DeploymentFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(certificates, "_VALID", timedelta(days=29))
        see_to(folder, ())
    first = kept(folder)
    see_to(folder, ())
    assert kept(folder) != first
    assert kept(folder).not_valid_after_utc > datetime.now(UTC) + timedelta(days=390)


@pytest.mark.parametrize("name", [CERTIFICATE, KEY])
@pytest.mark.parametrize("content", [None, "", "-----BEGIN", "another"])
def test_one_that_is_not_whole_is_made_anew(folder: DeploymentFolder, name: str, content: str | None) -> None:
    see_to(folder, ())
    file = folder.tls / name
    if content is None:
        file.unlink()
    elif content == "another":
        other = signed("other.example")
        file.write_text(other.pem if name == CERTIFICATE else other.secret())
    else:
        file.write_text(content)
    see_to(folder, ())
    assert "localhost" in names_of(kept(folder))
    assert is_answered(folder)


def test_one_that_was_given_stays_whatever_its_names(folder: DeploymentFolder, tmp_path: Path) -> None:
    given = signed("reading.example", ends_in=3)
    give(folder, *written(tmp_path / "given", given.pem, given.secret()))
    see_to(folder, ("192.0.2.7",))
    assert kept(folder) == given.certificate
    assert is_answered(folder)


def test_one_that_an_authority_signed_is_trusted_without_it(folder: DeploymentFolder, tmp_path: Path) -> None:
    root = signed("Root", authority=True)
    between = signed("Between", root, authority=True)
    leaf = signed("reading.example", between)
    give(folder, *written(tmp_path / "given", leaf.pem + between.pem, leaf.secret()))
    assert is_answered(folder)
    assert (folder.tls / CERTIFICATE).read_text() == leaf.pem + between.pem


def test_another_certificate_is_not_trusted(folder: DeploymentFolder, tmp_path: Path) -> None:
    see_to(folder, ())
    other = signed("localhost")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / CERTIFICATE).write_text(other.pem)
    (tmp_path / "other" / KEY).write_text(other.secret())
    with front("yes", tls=tmp_path / "other") as server, pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY"):
        httpx.get(f"https://127.0.0.1:{server.port}/", verify=trust(folder.tls), trust_env=False)


def test_a_key_of_another_is_refused(folder: DeploymentFolder, tmp_path: Path) -> None:
    paths = written(tmp_path / "given", signed("a.example").pem, signed("b.example").secret())
    with pytest.raises(DeployError, match="are no certificate and its key") as told:
        give(folder, *paths)
    assert str(paths[0]) in told.value.what
    assert not folder.path.exists()


@pytest.mark.parametrize(("certificate", "key"), [("", ""), ("no PEM", "no PEM"), ("\x00ÿ", "\x00ÿ")])
def test_what_is_no_pem_is_refused(folder: DeploymentFolder, tmp_path: Path, certificate: str, key: str) -> None:
    with pytest.raises(DeployError, match="are no certificate and its key"):
        give(folder, *written(tmp_path / "given", certificate, key))


def test_a_key_with_a_password_is_refused_and_nobody_is_asked_for_it(folder: DeploymentFolder, tmp_path: Path) -> None:
    given = signed("a.example")
    paths = written(tmp_path / "given", given.pem, given.secret(b"secret"))
    with pytest.raises(DeployError, match="the key without a password"):
        give(folder, *paths)
    code = (
        "import sys; from pathlib import Path; from muniment.deploy.certificates import give\n"
        "from muniment.deploy.files import DeploymentFolder; from muniment.errors import DeployError\n"
        "try:\n    give(DeploymentFolder('deeds'), *map(Path, sys.argv[1:]))\nexcept DeployError:\n    print('refused')"
    )
    # Without a terminal, OpenSSL asks standard input.
    asked = subprocess.run(
        [sys.executable, "-c", code, *map(str, paths)],
        input="secret\n",
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )
    assert (asked.stdout, asked.stderr) == ("refused\n", "")


def test_files_that_are_not_there_are_named(folder: DeploymentFolder, tmp_path: Path) -> None:
    with pytest.raises(DeployError, match=r"absent\.pem and .*absent\.key are no certificate"):
        give(folder, tmp_path / "absent.pem", tmp_path / "absent.key")


def test_notes_beside_the_certificate_do_no_harm(folder: DeploymentFolder, tmp_path: Path) -> None:
    given = signed("a.example")
    give(folder, *written(tmp_path / "given", f"Bürgeramt\n{given.pem}", given.secret()))
    assert is_answered(folder)


def test_one_past_its_time_is_refused_at_once(folder: DeploymentFolder, tmp_path: Path) -> None:
    given = signed("a.example", ends_in=-1)
    with pytest.raises(DeployError) as told:
        give(folder, *written(tmp_path / "given", given.pem, given.secret()))
    assert f"to {given.certificate.not_valid_after_utc:%Y-%m-%d} only" in told.value.what
    assert "--tls-certificate" in told.value.hint


def test_one_that_was_given_and_has_ended_is_not_replaced_in_silence(
    folder: DeploymentFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = signed("a.example", ends_in=-1)
    with monkeypatch.context() as patched:
        patched.setattr(certificates, "_check_dates", lambda *_: None)
        give(folder, *written(tmp_path / "given", given.pem, given.secret()))
    with pytest.raises(DeployError, match="only"):
        see_to(folder, ())
    assert kept(folder) == given.certificate


def test_the_gateways_user_may_read_it_and_nobody_else_gets_there(folder: DeploymentFolder) -> None:
    see_to(folder, ())
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (folder.path, folder.tls, *folder.tls.iterdir())}
    assert modes == {
        folder.path: 0o700,
        folder.tls: 0o755,
        folder.tls / CERTIFICATE: 0o644,
        folder.tls / KEY: 0o644,
    }


def test_that_it_cannot_be_kept_is_said(folder: DeploymentFolder) -> None:
    folder.make()
    folder.tls.touch()
    with pytest.raises(OutputError, match="tls cannot be written"):
        see_to(folder, ())
