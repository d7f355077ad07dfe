"""Keys are made, listed and revoked from the command line, which shows each once and never again."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from muniment.cli.ending import run
from muniment.errors import ExitCode

Command = Callable[..., tuple[ExitCode, str, str]]


@pytest.fixture
def key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs "muniment key" on a data folder; gives its exit code and what went to standard output and error."""

    def command(*arguments: str) -> tuple[ExitCode, str, str]:
        code = run(["key", *arguments, "--data", str(tmp_path / "data")])
        told = capsys.readouterr()
        return code, told.out, told.err

    return command


def test_a_key_is_all_that_goes_to_standard_output(key: Command) -> None:
    code, out, err = key("add", "reports")
    assert code is ExitCode.OK
    assert out.startswith("mun_")
    assert len(out) == len("mun_") + 43 + 1
    assert 'Made the key "reports" (key_' in err
    assert "Authorization: Bearer" in err
    assert out.strip() not in err


def test_keys_are_listed_with_their_limits_and_without_their_secrets(key: Command) -> None:
    limits = ("--rate", "60/min", "--concurrent", "4", "--pages", "10000/day", "--expires", "2199-01-31")
    _, secret, _ = key("add", "reports", *limits)
    key("add", "Ärzte 漢")
    code, out, err = key("list")
    head, first, second = out.splitlines()
    assert (code, err) == (ExitCode.OK, "")
    assert head.split() == ["ID", "STATE", "REQUESTS", "AT", "ONCE", "PAGES", "CREATED", "EXPIRES", "NAME"]
    today = datetime.now(UTC).date()
    assert first.split()[1:6] == ["in", "force", "60/min", "4", "10000/day"]
    assert first.endswith("  2199-01-31  reports")
    assert second.split()[3:6] == ["-", "-", "-"]
    assert second.endswith("Ärzte 漢")
    assert any(day.isoformat() in second for day in (today, today - timedelta(days=1)))
    assert secret.strip() not in out


def test_the_list_as_json_has_everything(key: Command) -> None:
    limits = ("--rate", "60/min", "--concurrent", "4", "--pages", "10000/day", "--expires", "2199-01-31")
    key("add", "reports", *limits)
    key("revoke", "reports")
    code, out, _ = key("list", "--json")
    (listed,) = json.loads(out)
    assert code is ExitCode.OK
    assert listed.pop("id").startswith("key_")
    assert datetime.fromisoformat(listed.pop("created")) <= datetime.fromisoformat(listed.pop("revoked"))
    assert listed == {
        "name": "reports",
        "state": "revoked",
        "rate": 60,
        "concurrent": 4,
        "pages_a_day": 10_000,
        "expires": "2199-01-31T23:59:59Z",
    }


def test_no_keys_are_an_empty_list(key: Command) -> None:
    assert key("list") == (ExitCode.OK, "", "No key was made yet.\n")
    assert key("list", "--json")[1] == "[]\n"


def test_days_count_from_now(key: Command) -> None:
    key("add", "reports", "--expires", "90d")
    expires = datetime.fromisoformat(json.loads(key("list", "--json")[1])[0]["expires"])
    assert timedelta(days=89, hours=23) < expires - datetime.now(UTC) <= timedelta(days=90)


def test_a_key_is_revoked_by_its_name_once(key: Command) -> None:
    key("add", "reports")
    code, out, err = key("revoke", "reports")
    assert (code, out) == (ExitCode.OK, "")
    assert 'Revoked the key "reports"' in err
    code, _, err = key("revoke", "reports")
    assert code is ExitCode.USAGE
    assert 'See "muniment key list"' in err


def test_a_key_that_is_given_for_its_name_is_not_repeated(key: Command) -> None:
    _, secret, _ = key("add", "reports")
    code, out, err = key("revoke", secret.strip())
    assert code is ExitCode.USAGE
    assert secret.strip() not in out + err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--rate", "60"], "not of the form 60/min"),
        (["--rate", "0/min"], "not of the form 60/min"),
        (["--rate", "-1/min"], "not of the form 60/min"),
        (["--rate", "60/hour"], "not of the form 60/min"),
        (["--rate", "1000000/min"], "the most is 999999/min"),
        (["--rate", "６０/min"], "not of the form 60/min"),
        (["--concurrent", "0"], "--concurrent"),
        (["--pages", "10000"], "not of the form 10000/day"),
        (["--pages", "1e4/day"], "not of the form 10000/day"),
        (["--expires", "90"], "neither a date like 2027-01-31 nor a number of days like 90d"),
        (["--expires", "0d"], "neither a date"),
        (["--expires", "999999d"], "neither a date"),
        (["--expires", "20270131"], "neither a date"),
        (["--expires", "2027-02-29"], "The calendar has no"),
        (["--expires", "0000-01-01"], "The calendar has no"),
        (["--expires", "2020-01-01"], "expired already"),
    ],
)
def test_limits_in_other_forms_are_refused(arguments: list[str], words: str, key: Command) -> None:
    code, out, err = key("add", "reports", *arguments)
    assert (code, out) == (ExitCode.USAGE, "")
    assert words in " ".join(err.split())
    assert json.loads(key("list", "--json")[1]) == []


def test_a_key_that_could_not_be_shown_does_not_count(key: Command, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "muniment", "key", "add", "reports", "--data", str(tmp_path / "data")]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode != 0
    assert "no space is left" in done.stderr
    assert [one["state"] for one in json.loads(key("list", "--json")[1])] == ["revoked"]


def test_a_folder_that_others_can_write_to_is_told(key: Command, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data").chmod(0o777)
    code, out, err = key("add", "reports")
    assert (code, out) == (ExitCode.OUTPUT, "")
    assert "others can write to it" in err


def test_the_environment_chooses_the_folder_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MUNIMENT_DATA_DIR", str(tmp_path / "chosen"))
    assert run(["key", "add", "reports"]) is ExitCode.OK
    assert capsys.readouterr().out.startswith("mun_")
    assert (tmp_path / "chosen" / "service.db").exists()


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from muniment.cli.ending import run; run(['key', 'add', '--help']); "
        "print({'pydantic', 'sqlite3', 'numpy', 'asyncio'} & set(sys.modules))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.stdout.endswith("\nset()\n")
