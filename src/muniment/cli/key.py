"""``muniment key``: ``add``, ``list`` and ``revoke``."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from muniment.cli import parameters
from muniment.cli.messages import printable, say
from muniment.errors import OutputError

if TYPE_CHECKING:
    from muniment.server.keys import Key, KeyStore

_RATE, _QUOTA = re.compile(r"([1-9][0-9]{0,5})/min"), re.compile(r"([1-9][0-9]{0,8})/day")
_DAYS = re.compile(r"([1-9][0-9]{0,4})d")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _rate(_ctx: click.Context, _param: click.Parameter, value: str | None) -> int | None:
    return _number(_RATE, value, "60/min", "999999/min")


def _quota(_ctx: click.Context, _param: click.Parameter, value: str | None) -> int | None:
    return _number(_QUOTA, value, "10000/day", "999999999/day")


def _number(form: re.Pattern[str], value: str | None, example: str, most: str) -> int | None:
    if value is None:
        return None
    if (found := form.fullmatch(value)) is None:
        raise click.BadParameter(f'"{value}" is not of the form {example}, with a number from 1; the most is {most}.')
    return int(found[1])


def _expires(_ctx: click.Context, _param: click.Parameter, value: str | None) -> datetime | None:
    """The end of the day that is given, in UTC; or so many days from now."""
    if value is None:
        return None
    if days := _DAYS.fullmatch(value):
        return datetime.now(UTC) + timedelta(days=int(days[1]))
    try:
        if _DATE.fullmatch(value):
            return datetime.combine(date.fromisoformat(value), time(23, 59, 59), UTC)
    except ValueError:
        raise click.BadParameter(f'The calendar has no "{value}".') from None
    raise click.BadParameter(f'"{value}" is neither a date like 2027-01-31 nor a number of days like 90d.')


@click.group()
def key() -> None:
    """Make, list and revoke keys for the service.

    As soon as one was made, the service wants a key with every request. What changes while it runs counts at once.
    """


@key.command()
@click.argument("name", metavar="NAME")
@click.option("--rate", metavar="N/min", callback=_rate, help="Most requests in any minute, like 60/min.")
@click.option("--concurrent", metavar="N", type=click.IntRange(min=1, max=1_000_000), help="Most requests at once.")
@click.option(
    "--pages", "pages_a_day", metavar="N/day", callback=_quota, help="Most pages in a day of UTC, like 10000/day."
)
@click.option(
    "--expires",
    metavar="WHEN",
    callback=_expires,
    help="The last day (UTC) on which it counts, like 2027-01-31, or for how many days it does, like 90d.",
)
@parameters.data_option
def add(
    name: str,
    rate: int | None,
    concurrent: int | None,
    pages_a_day: int | None,
    expires: datetime | None,
    data: Path | None,
) -> None:
    """Make a key.

    NAME is what you will know it by, like who or what it is for. The key goes to standard output, this once: only a
    hash of it is kept. What is not limited is without a limit.

    Example: muniment key add reports --rate 60/min --pages 10000/day --expires 90d
    """
    from muniment.cli.standard_output import write_standard_output
    from muniment.server.keys import KeyLimits

    with _keys(data) as keys:
        made, secret = keys.add(name, KeyLimits(rate, concurrent, pages_a_day), expires)
        try:
            write_standard_output(secret + "\n")
        except (OSError, OutputError):
            keys.revoke(made.id)  # nobody has seen it
            raise
    say(f'Made the key "{made.name}" ({made.id}). It counts at once and is not shown again: keep it like a password.')
    say('Clients send it as their API key (the header "Authorization: Bearer KEY").')


@key.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@parameters.data_option
def list_keys(as_json: bool, data: Path | None) -> None:
    """List the keys that were ever made.

    The oldest stands first. The keys themselves cannot be shown: only hashes of them are kept.
    """
    from muniment.cli.standard_output import write_standard_output

    with _keys(data) as keys:
        known = keys.all()
    if as_json:
        write_standard_output(json.dumps([_described(one) for one in known], indent=2, ensure_ascii=False) + "\n")
    elif known:
        write_standard_output(_table(known))
    else:
        say("No key was made yet.")


@key.command()
@click.argument("name", metavar="NAME")
@parameters.data_option
def revoke(name: str, data: Path | None) -> None:
    """Let a key count no more, at once and for good.

    NAME is the key's name or id, not the key.
    """
    with _keys(data) as keys:
        revoked = keys.revoke(name)
    say(f'Revoked the key "{revoked.name}" ({revoked.id}).')


@contextmanager
def _keys(data: Path | None) -> "Iterator[KeyStore]":
    from muniment.server.keys import KeyStore
    from muniment.server.store import Database, data_folder

    database = Database(data_folder(data))
    try:
        yield KeyStore(database)
    finally:
        database.close()


def _described(one: "Key") -> dict[str, str | int | None]:
    limits = one.limits
    return {
        "id": one.id,
        "name": one.name,
        "state": _state(one),
        "rate": limits.rate,
        "concurrent": limits.concurrent,
        "pages_a_day": limits.pages_a_day,
        "created": _iso(one.created),
        "expires": _iso(one.expires),
        "revoked": _iso(one.revoked),
    }


def _table(known: "list[Key]") -> str:
    """Names stand last, as there is no telling how wide a terminal shows them."""
    rows = [("ID", "STATE", "REQUESTS", "AT ONCE", "PAGES", "CREATED", "EXPIRES", "NAME")]
    for one in known:
        limits = one.limits
        rows.append(
            (
                one.id,
                _state(one),
                f"{limits.rate}/min" if limits.rate else "-",
                str(limits.concurrent or "-"),
                f"{limits.pages_a_day}/day" if limits.pages_a_day else "-",
                one.created.date().isoformat(),
                one.expires.date().isoformat() if one.expires else "-",
                printable(one.name),
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines) + "\n"


def _state(one: "Key") -> str:
    if one.revoked is not None:
        return "revoked"
    return "expired" if one.expires is not None and one.expires <= datetime.now(UTC) else "in force"


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
