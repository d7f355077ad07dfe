"""Standard output, for commands that need nothing of what reads documents."""

import errno
import re
import sys

from muniment.errors import OutputError, unwritable

_SURROGATE = re.compile("[\ud800-\udfff]")
"""What names of files may hold and UTF-8 cannot."""


def write_standard_output(text: str) -> None:
    """Write ``text`` as UTF-8, at once. Raises OutputError; BrokenPipeError if nobody reads any more."""
    if sys.stdout is None:
        raise OutputError("Standard output is closed", "Leave it open, or write to a folder with -o.")
    try:
        sys.stdout.buffer.write(_SURROGATE.sub("\ufffd", text).encode())
        sys.stdout.buffer.flush()
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise
        raise unwritable("standard output", error) from None
