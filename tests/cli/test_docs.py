"""The documentation says what the commands do today."""

import pytest

from muniment.errors import ExitCode
from muniment.text import Flag
from tools.make_docs import DOCS, generated

STALE = "run `python tools/make_docs.py`"


@pytest.mark.parametrize("name", generated())
def test_generated_documentation_is_fresh(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == generated()[name], STALE


def test_every_exit_code_and_flag_is_explained() -> None:
    codes, formats = (generated()[name] for name in ("exit-codes.md", "outputs.md"))
    assert all(f"| {code.value} | " in codes for code in ExitCode)
    assert all(f"| `{flag.value}` | " in formats for flag in Flag)
