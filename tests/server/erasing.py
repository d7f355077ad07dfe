"""Disks that do not let go of a file."""

import errno
import os
from typing import Any

import pytest


def cannot_be_erased(patch: pytest.MonkeyPatch, name: str) -> None:
    """Have files of this name stay."""
    real = os.unlink

    def unlink(path: Any, **given: Any) -> None:
        if os.path.basename(path) == name:  # noqa: PTH119 - within the folder whose descriptor is given
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), path)
        real(path, **given)

    patch.setattr(os, "unlink", unlink)
