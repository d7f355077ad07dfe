"""What a server may answer to a request for a page, good or bad, each kind with the right thing to do about it.

::

    EngineTrouble
    ├── Unreachable      nobody answers at the address: wait, try again, another replica
    ├── Busy             429 or 503: fewer at once, after the time it names
    ├── Loading          the model is not there yet, or not any more: wait, or another replica
    ├── Broken           the answer broke off or made no sense, or took too long: try again
    ├── TooLong          page and answer do not fit the context: ask for less
    ├── Deadly           the engine ends over this request each time: never send it again
    └── Refused          the request will never be accepted: stop
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Completion:
    """A whole answer.

    Attributes:
        text: what the model wrote.
        finish_reason: "stop" if it came to its end; "length", "repetition" and others if not.
        prompt_tokens, completion_tokens: as the server counts; 0 if it does not say.
    """

    text: str
    finish_reason: str
    prompt_tokens: int = 0
    completion_tokens: int = 0


class EngineTrouble(Exception):
    """No answer, or none that can be used; ``str()`` is for the user and quotes no document."""


class Unreachable(EngineTrouble):
    """Nobody answers: refused, reset before an answer began, no such host or socket."""


class Busy(EngineTrouble):
    """The server has too much to do.

    Attributes:
        retry_after: seconds it asks to wait; None if it does not say.
    """

    def __init__(self, what: str, retry_after: float | None) -> None:
        super().__init__(what)
        self.retry_after = retry_after


class Loading(EngineTrouble):
    """The server is there and its model is not yet, or not any more."""


class Broken(EngineTrouble):
    """The answer broke off, made no sense, or did not come in time.

    Attributes:
        is_late: it did not come in time.
    """

    def __init__(self, what: str, *, is_late: bool = False) -> None:
        super().__init__(what)
        self.is_late = is_late


class TooLong(EngineTrouble):
    """Page and answer together do not fit the served context.

    Attributes:
        context: tokens the server holds; None if it does not say.
        prompt: tokens of the page and question; None if it does not say.
    """

    def __init__(self, what: str, context: int | None, prompt: int | None) -> None:
        super().__init__(what)
        self.context = context
        self.prompt = prompt


class Deadly(EngineTrouble):
    """The engine ended over this request, and again when it was the only one."""


class Refused(EngineTrouble):
    """The server will never accept this request.

    Attributes:
        hint: what the user can do about it; "" if only the address and the server can be looked at.
        field: the request's field that it does not know; "" if that is not the reason.
        is_final: no other request will be accepted either: wrong key, unknown model, no such server.
    """

    def __init__(self, what: str, *, field: str = "", is_final: bool = True, hint: str = "") -> None:
        super().__init__(what)
        self.hint = hint
        self.field = field
        self.is_final = is_final
