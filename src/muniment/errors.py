"""Everything that can go wrong, as one small tree.

::

    MunimentError
    ├── UsageError            the command or call itself is wrong
    ├── DocumentError         a file cannot be opened or holds nothing to read
    │   ├── NotADocument      unknown or unsupported kind of file, or empty
    │   ├── BrokenDocument    the right kind, but damaged beyond opening
    │   ├── PasswordNeeded    encrypted, and the password is missing or wrong
    │   └── LimitExceeded     larger than the limits allow
    ├── PageError             one page cannot be read; the others can
    ├── EngineError           an engine is missing, refused, or stopped working
    │   └── SandboxRefused    the system does not let a worker shut itself off from the network
    ├── ModelError            a model cannot be fetched, taken in or used
    │   └── ModelChanged      a model's files are not what they should be
    ├── DeployError           the deployment cannot be brought up, or Docker refuses
    ├── EvidenceError         a report, its chain or its key is not what it should be
    └── OutputError           a result cannot be written

Every message says what happened, to which file or page, and what to do about it.
Each error carries the exit code the command line ends with when nothing else was read.
"""

import errno
from enum import IntEnum
from pathlib import Path


class ExitCode(IntEnum):
    """How a ``muniment`` command ends. Documented in docs/exit-codes.md."""

    OK = 0
    """Every page was read."""

    INCOMPLETE = 1
    """Something was read, but some pages came from a fallback or failed, some files could not be opened, or data does
    not fit its schema. Or a compose file has an error."""

    USAGE = 2
    """The command line is wrong; nothing was tried."""

    NOTHING_READ = 3
    """Nothing could be read: no input, or every input failed. Or a model could not be fetched, or is not there."""

    OUTPUT = 4
    """Results could not be written (no permission, no space)."""

    UNVERIFIED = 5
    """A model's files are not what its manifest or the hub says, or there is no manifest to say it. Or a report, or a
    folder of them, is not what was signed."""

    NOT_RUNNING = 6
    """The deployment could not be brought up, or does not read."""

    BROKEN = 7
    """A claim about the seal does not hold."""

    UNPROVEN = 8
    """A claim about the seal could be neither shown nor refuted."""

    INTERNAL = 70
    """A mistake in Muniment itself; the message says how to report it."""

    INTERRUPTED = 130
    """Stopped by Ctrl-C or a termination signal; run the same command again to go on."""


class MunimentError(Exception):
    """Base of all errors Muniment raises on purpose.

    Args:
        what: what happened, naming the file or page.
        hint: what to do about it, as a full sentence; may be empty.
    """

    exit_code = ExitCode.NOTHING_READ

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what, hint)
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.what}. {self.hint}" if self.hint else self.what


class UsageError(MunimentError):
    """The command or call itself is wrong."""

    exit_code = ExitCode.USAGE


class DocumentError(MunimentError):
    """A file cannot be opened or holds nothing to read."""


class NotADocument(DocumentError):
    """Unknown or unsupported kind of file, or an empty one."""


class BrokenDocument(DocumentError):
    """The right kind of file, but damaged beyond opening."""


class PasswordNeeded(DocumentError):
    """The document is encrypted, and the password is missing or wrong."""


class LimitExceeded(DocumentError):
    """The document is larger than the limits allow."""


class PageError(MunimentError):
    """One page cannot be read; the others can."""


class EngineError(MunimentError):
    """An engine is missing, refused, or stopped working."""


class SandboxRefused(EngineError):
    """The system does not let a worker shut itself off from the network."""


class ModelError(MunimentError):
    """A model cannot be fetched, taken in or used."""


class ModelChanged(ModelError):
    """A model's files are not what they should be, or nothing says what they should be."""

    exit_code = ExitCode.UNVERIFIED


class OutputError(MunimentError):
    """A result cannot be written."""

    exit_code = ExitCode.OUTPUT


class DeployError(MunimentError):
    """The deployment cannot be brought up, or Docker refuses."""

    exit_code = ExitCode.NOT_RUNNING


class EvidenceError(MunimentError):
    """A report, its chain or the key for it is not what it should be."""

    exit_code = ExitCode.UNVERIFIED


_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NOT_ALLOWED = {errno.EACCES, errno.EPERM, errno.EROFS}
_IN_THE_WAY = {errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.EEXIST, errno.ENOTEMPTY}


def unwritable(path: Path | str, error: OSError, option: str = "-o") -> OutputError:
    """What to tell the user about ``error``; ``option`` is what chooses another folder."""
    if error.errno in _NO_SPACE:
        return OutputError(f"{path} cannot be written: no space is left", "Make room and run the same command again.")
    if error.errno in _NOT_ALLOWED:
        return OutputError(
            f"{path} cannot be written: permission denied",
            f"Change the folder's permissions or choose another folder with {option}.",
        )
    if error.errno in _IN_THE_WAY:
        return OutputError(
            f"{path} cannot be written: something of another kind, or a link, stands in its place",
            f"Move it away or choose another folder with {option}.",
        )
    return OutputError(f"{path} cannot be written: {error.strerror}", f"Choose another folder with {option}.")
