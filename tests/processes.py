"""Code that runs in a process of its own, because of what it does to the process it runs in."""

import signal
import subprocess
import sys

AS_ANY_USER = "from muniment.documents import enter_sandbox; enter_sandbox(1 << 30)\n"
"""Gives up what root may do beyond others, so that permissions mean something whoever runs the tests."""

WITHOUT_SPACE = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
"""Files cannot grow beyond 1,000 bytes; not even the one that the output of the tests goes to."""


def python(code: str, *arguments: object) -> str:
    """What ``code`` prints, without the last line's end. It finds ``arguments`` in ``sys.argv[1:]``."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.rstrip("\n")


def hear_signals() -> None:
    """In a child: hear the signals that a terminal sends, though the tests may run where they are ignored."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
