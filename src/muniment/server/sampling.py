"""What a request says about how the answer is to be made, for both of OpenAI's routes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from muniment.server.caps import Caps
from muniment.server.checks import Check, an_object, boolean, field_of, integer, number, refusal, string
from muniment.server.fields import not_taken
from muniment.server.response_format import check_response_format

_INT64 = 2**63
_MOST_STOPS, _LONGEST_STOP = 4, 256
_MOST_TOKENS_ASKED = 2**31 - 1
_MOST_LOGPROBS = 20
_LOOP_FIELDS: Mapping[str, Check] = {
    "max_pattern_size": integer(0, 1_000),
    "min_pattern_size": integer(0, 1_000),
    "min_count": integer(0, 1_000),
}
_LEAST_COUNT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How an answer is made.

    Attributes:
        settings: fields that go on as they are, by name.
        max_tokens: most tokens of the answer; None if the request leaves that open.
        most_tokens: the cap on them.
        stream: the answer is wanted piece by piece.
        include_usage: the last piece is to tell the tokens.
    """

    settings: Mapping[str, Any] = field(repr=False)
    max_tokens: int | None
    most_tokens: int
    stream: bool
    include_usage: bool

    def forward(self) -> dict[str, Any]:
        """The fields for an engine, without a limit on tokens and without a wish for the usage: that one is the
        client's to add, as not every engine knows it.
        """
        body = dict(self.settings)
        body["stream"] = self.stream
        return body


def check_sampling(body: Mapping[str, Any], caps: Caps, extra: Mapping[str, Check]) -> Sampling:
    """What ``body`` says.

    Args:
        extra: checks of the fields that only this route has.

    Raises:
        ApiError: a field has the wrong type or is out of its range.
    """
    checks = {**_SETTINGS, **extra}
    settings = {name: check(body[name], name) for name, check in checks.items() if body.get(name) is not None}
    if body.get("n") is not None:
        integer(1, caps.n)(body["n"], "n")
    if body.get("user") is not None and not isinstance(body["user"], str):
        raise refusal("'user' has to be a string", "user", "invalid_type")
    if body.get("store") is not None and body["store"] is not False:
        raise not_taken("store")
    if body.get("parallel_tool_calls") is not None:
        boolean(body["parallel_tool_calls"], "parallel_tool_calls")
    stream = body.get("stream") is not None and boolean(body["stream"], "stream")
    return Sampling(
        settings=settings,
        max_tokens=_max_tokens(body),
        most_tokens=caps.max_tokens,
        stream=stream,
        include_usage=_include_usage(body.get("stream_options"), stream),
    )


def _max_tokens(body: Mapping[str, Any]) -> int | None:
    """The least of what the two names for it say."""
    check = integer(1, _MOST_TOKENS_ASKED)
    names = ("max_tokens", "max_completion_tokens")
    return min((check(body[name], name) for name in names if body.get(name) is not None), default=None)


def _include_usage(value: Any, stream: bool) -> bool:
    if value is None:
        return False
    options = an_object(value, "stream_options", ("include_usage",))
    if not stream:
        raise refusal("'stream_options' needs 'stream' to be true", "stream_options")
    include = options.get("include_usage")
    return include is not None and boolean(include, "stream_options.include_usage")


def _stop(value: Any, param: str) -> list[str]:
    if isinstance(value, str):
        return [string(value, param, _LONGEST_STOP)]
    if not isinstance(value, list):
        raise refusal(f"{param!r} has to be a string or an array of strings", param, "invalid_type")
    if len(value) > _MOST_STOPS:
        raise refusal(f"{param!r} has too many strings: at most {_MOST_STOPS}", param)
    return [string(stop, f"{param}[{index}]", _LONGEST_STOP) for index, stop in enumerate(value)]


def _repetition_detection(value: Any, param: str) -> dict[str, int]:
    given = {name: said for name, said in an_object(value, param, _LOOP_FIELDS).items() if said is not None}
    checked = {name: check(given.get(name, 0), field_of(param, name)) for name, check in _LOOP_FIELDS.items()}
    if checked["min_pattern_size"] > checked["max_pattern_size"]:
        where = field_of(param, "min_pattern_size")
        raise refusal(f"{where!r} has to be at most 'max_pattern_size'", where)
    if checked["max_pattern_size"] and checked["min_count"] < _LEAST_COUNT:
        where = field_of(param, "min_count")
        raise refusal(f"{where!r} has to be at least {_LEAST_COUNT}", where)
    return checked


_SETTINGS: Mapping[str, Check] = {
    "temperature": number(0, 2),
    "top_p": number(0, 1, above=True),
    "presence_penalty": number(-2, 2),
    "frequency_penalty": number(-2, 2),
    "repetition_penalty": number(0, 2, above=True),
    "repetition_detection": _repetition_detection,
    "stop": _stop,
    "seed": integer(-_INT64, _INT64 - 1),
    "response_format": check_response_format,
}
CHAT_SETTINGS: Mapping[str, Check] = {"logprobs": boolean, "top_logprobs": integer(0, _MOST_LOGPROBS)}
COMPLETION_SETTINGS: Mapping[str, Check] = {"logprobs": integer(0, _MOST_LOGPROBS)}
