"""Lines on standard error."""

from contextlib import suppress

import click


def complain(message: str) -> None:
    """Say what went wrong, in one line."""
    say(f"muniment: {message}")


def say(message: str) -> None:
    """One line, whatever characters file names put into it. That nobody can be told is no reason to stop reading."""
    with suppress(OSError):
        click.echo(printable(message), err=True)


def printable(text: str) -> str:
    """``text`` without characters that could drive a terminal or cannot be encoded."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def counted(number: int, thing: str) -> str:
    """ "1 page", "2 pages"."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def byte_count(number: float) -> str:
    """ "812 bytes", "4.2 MB", "7.5 GB"."""
    if number < 1000:
        return counted(int(number), "byte")
    for unit in ("kB", "MB", "GB"):
        number /= 1000
        if number < 999.95:
            return f"{number:.1f} {unit}"
    return f"{number / 1000:,.1f} TB"


def duration(seconds: float) -> str:
    """ "4.2 s", "1 min 12 s", "2 h 5 min"."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
