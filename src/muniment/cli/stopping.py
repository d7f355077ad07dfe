"""How commands end that go on where they were."""

from muniment.errors import ExitCode, MunimentError


class Stopped(MunimentError):
    """The user stopped a command, and the same one goes on."""

    exit_code = ExitCode.INTERRUPTED

    def __init__(self) -> None:
        super().__init__("stopped", "Run the same command again to go on.")
