"""What is told of one method of one route."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Place = Literal["path", "query", "header"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value beside the body.

    Attributes:
        kind: a type, as Pydantic takes one.
    """

    name: str
    place: Place
    kind: Any
    text: str


@dataclass(frozen=True, slots=True)
class Content:
    """What a body is.

    Attributes:
        media: its media type.
        kind: a type, as Pydantic takes one; None is bytes of that media type.
    """

    media: str
    kind: Any = None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with one status.

    Attributes:
        contents: the forms that it can have; none is an empty body.
        headers: name to meaning.
    """

    text: str
    contents: tuple[Content, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one route.

    Attributes:
        id: a name for programs.
        summary, text: a line, and what else there is to know.
        curl: an example's options; its address and key are put before them.
        piped: what writes the example's body, if that takes a line of its own.
        problems: statuses of answers in OpenAI's error form, beside those that every route has.
        is_open: needs no key.
        is_probe: is answered to every page of a browser too.
    """

    method: Literal["get", "put", "post", "delete"]
    path: str
    id: str
    group: str
    summary: str
    curl: str
    replies: Mapping[int, Reply]
    text: str = ""
    piped: str = ""
    parameters: tuple[Parameter, ...] = ()
    body: tuple[Content, ...] = ()
    problems: tuple[int, ...] = ()
    is_open: bool = False
    is_probe: bool = False
