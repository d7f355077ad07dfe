"""The key is made once, is its owner's alone, and is never replaced."""

import hashlib
import os
import re
import subprocess
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from muniment.errors import EvidenceError, OutputError
from muniment.seal.evidence.keys import PUBLIC_NAME, SECRET_NAME, public_key, signing_key, trust
from tests.required import program
from tests.seal.evidence.making import KEY, OTHER_KEY


def test_a_key_is_made_for_its_owner_alone_with_its_public_key_beside_it(tmp_path: Path) -> None:
    key = signing_key(tmp_path / "state")
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "state" / SECRET_NAME).stat().st_mode & 0o777 == 0o600
    assert public_key(tmp_path / "state" / PUBLIC_NAME).id == key.public.id
    assert sorted(path.name for path in (tmp_path / "state").iterdir()) == [SECRET_NAME, PUBLIC_NAME]


def test_the_key_stays_the_same(tmp_path: Path) -> None:
    first = signing_key(tmp_path)
    secret = (tmp_path / SECRET_NAME).read_bytes()
    assert signing_key(tmp_path).public.id == first.public.id
    assert (tmp_path / SECRET_NAME).read_bytes() == secret


def test_those_who_ask_at_once_have_the_same_key(tmp_path: Path) -> None:
    barrier, found = threading.Barrier(8), []

    def ask() -> None:
        barrier.wait()
        found.append(signing_key(tmp_path).public.id)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_a_public_key_that_was_changed_is_put_right(tmp_path: Path) -> None:
    key = signing_key(tmp_path)
    (tmp_path / PUBLIC_NAME).write_bytes(OTHER_KEY.public.to_pem())
    signing_key(tmp_path)
    assert (tmp_path / PUBLIC_NAME).read_bytes() == key.public.to_pem()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_may_read_signs_nothing(tmp_path: Path, mode: int) -> None:
    signing_key(tmp_path)
    (tmp_path / SECRET_NAME).chmod(mode)
    with pytest.raises(EvidenceError, match=rf"Others .* may read .*{SECRET_NAME}.* \(mode {mode:04o}\)\. .*chmod 600"):
        signing_key(tmp_path)


def of_another_kind() -> bytes:
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def with_a_password() -> bytes:
    return KEY.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"secret")
    )


@pytest.mark.parametrize("content", [b"", b"\xff" * 100, KEY.public.to_pem(), of_another_kind(), with_a_password()])
def test_a_damaged_key_is_an_error_and_stays_as_it_is(tmp_path: Path, content: bytes) -> None:
    (tmp_path / SECRET_NAME).write_bytes(content)
    (tmp_path / SECRET_NAME).chmod(0o600)
    with pytest.raises(EvidenceError, match=r"is damaged, or no key of Ed25519 as PEM\. Bring back a copy"):
        signing_key(tmp_path)
    assert (tmp_path / SECRET_NAME).read_bytes() == content


def test_a_link_in_the_keys_place_is_not_followed(tmp_path: Path) -> None:
    signing_key(tmp_path / "other")
    (tmp_path / SECRET_NAME).symlink_to(tmp_path / "other" / SECRET_NAME)
    with pytest.raises(OutputError, match="a link, stands in its place"):
        signing_key(tmp_path)


def test_a_pipe_in_the_keys_place_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / SECRET_NAME, 0o600)
    with pytest.raises(EvidenceError, match="is not a file"):
        signing_key(tmp_path)


def test_a_full_disk_leaves_no_half_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="no space is left"):
        signing_key(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_fingerprint_is_read_over_the_phone_and_computed_by_anybody(tmp_path: Path) -> None:
    assert re.fullmatch(r"[0-9a-f]{4}( [0-9a-f]{4}){7}", KEY.public.fingerprint)
    pem = tmp_path / "key.pem"
    pem.write_bytes(KEY.public.to_pem())
    command = [program("openssl"), "pkey", "-pubin", "-in", str(pem), "-outform", "DER"]
    der = subprocess.run(command, check=True, capture_output=True).stdout
    assert hashlib.sha256(der).hexdigest().startswith(KEY.public.fingerprint.replace(" ", ""))


@pytest.mark.parametrize(
    "spelt", [str, str.upper, lambda text: text.replace(" ", ":"), lambda text: text.replace(" ", "")]
)
def test_a_fingerprint_is_taken_however_it_is_spelt(spelt: object) -> None:
    assert callable(spelt)
    trusted = trust(spelt(KEY.public.fingerprint))
    assert trusted.key_of(KEY.public.id).id == KEY.public.id
    with pytest.raises(ValueError, match=f"signed with the key {OTHER_KEY.public.fingerprint}"):
        trusted.key_of(OTHER_KEY.public.id)


@pytest.mark.parametrize("hint", ["", "A", "ab" * 31, "AB" * 32])
def test_a_fingerprint_alone_needs_a_report_that_bears_its_key(hint: str) -> None:
    with pytest.raises(ValueError, match="does not bear the key"):
        trust(KEY.public.fingerprint).key_of(hint)


def test_a_file_with_a_public_key_is_taken(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(KEY.public.to_pem())
    trusted = trust(str(tmp_path / "key.pem"))
    assert trusted.fingerprint == KEY.public.fingerprint
    assert trusted.key_of("whatever the hint is").id == KEY.public.id


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "is no such key"), (of_another_kind(), "holds a secret key, which belongs nowhere else")],
)
def test_a_file_with_another_key_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "key.pem").write_bytes(content)
    with pytest.raises(EvidenceError, match=f"{reason}. Give the deployment's {PUBLIC_NAME}"):
        trust(str(tmp_path / "key.pem"))


def test_a_key_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="cannot be read: No such file or directory"):
        trust(str(tmp_path / "key.pem"))
