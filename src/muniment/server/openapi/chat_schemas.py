"""OpenAI's routes, as far as the service takes them: what is asked, and what is answered."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from muniment.server.caps import Caps
from muniment.server.fields import NULL_IN_CHAT, NULL_IN_COMPLETION, NULL_IN_PARTS
from muniment.server.openapi.schema_bases import Asked, Count, Passed, Told

_CAPS = Caps()

DataUrl = Annotated[
    str,
    Field(
        pattern="^data:image/(png|jpeg|jpg|webp|gif|bmp|tiff|heic);base64,[A-Za-z0-9+/]+={0,2}$",
        description="An image in base64. Other URLs are refused: nothing is fetched.",
        examples=["data:image/png;base64,iVBORw0KGgo="],
    ),
]
Stop = Annotated[str, Field(min_length=1, max_length=256)]
LoopNumber = Annotated[int, Field(ge=0, le=1_000)]


def _nulls(names: tuple[str, ...]) -> JsonDict:
    """Part of a schema that lets such fields be null."""
    return {"patternProperties": {f"^({'|'.join(names)})$": {"type": "null"}}}


class TextPart(Asked):
    """A piece of text."""

    model_config = ConfigDict(json_schema_extra=_nulls(tuple(name for name in NULL_IN_PARTS if name != "text")))

    type: Literal["text"]
    text: str


class ImageUrl(Asked):
    """Where an image is: inside the request."""

    url: DataUrl
    detail: Literal["auto", "low", "high"] | None = None
    """Taken, and without a meaning here."""


class ImagePart(Asked):
    """A page, as an image."""

    model_config = ConfigDict(json_schema_extra=_nulls(tuple(name for name in NULL_IN_PARTS if name != "image_url")))

    type: Literal["image_url"]
    image_url: ImageUrl | DataUrl


class ChatMessage(Asked):
    """One turn. Fields of an answer that is sent back may stand in it with nothing in them."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | Annotated[list[TextPart | ImagePart], Field(min_length=1)]
    """Text, or texts and images in their order. Images belong into messages of the role "user"."""
    name: str | None = None


class JsonSchemaFormat(Asked):
    """The schema that an answer is to follow."""

    name: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{1,64}$")]
    schema_: Annotated[dict[str, Any], Field(alias="schema")]
    """At most 100,000 characters, with references to its own parts only."""
    description: Annotated[str, Field(min_length=1, max_length=10_000)] | None = None
    strict: bool | None = None


class TextFormat(Asked):
    """Text, or JSON of any form."""

    type: Literal["text", "json_object"]


class SchemaFormat(Asked):
    """JSON that follows a schema."""

    type: Literal["json_schema"]
    json_schema: JsonSchemaFormat


class RepetitionDetection(Asked):
    """When a model's answer counts as a loop and is ended; an extension of vLLM."""

    max_pattern_size: LoopNumber | None = 0
    min_pattern_size: LoopNumber | None = 0
    min_count: LoopNumber | None = 0


class StreamOptions(Asked):
    """How a stream ends."""

    include_usage: bool | None = None
    """The last piece tells the tokens; with the embedded engine, also how the pages were read."""


class _Sampling(Asked):
    model: Annotated[str, Field(min_length=1, max_length=256)]
    """One of GET /v1/models."""
    max_tokens: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    presence_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    repetition_penalty: Annotated[float, Field(gt=0, le=2)] | None = None
    """An extension of vLLM."""
    repetition_detection: RepetitionDetection | None = None
    stop: Stop | Annotated[list[Stop], Field(max_length=4)] | None = None
    seed: Annotated[int, Field(ge=-(2**63), le=2**63 - 1)] | None = None
    response_format: TextFormat | SchemaFormat | None = None
    n: Annotated[int, Field(ge=1, le=_CAPS.n)] | None = None
    store: Literal[False] | None = None
    """Nothing of a request is kept."""
    stream: bool | None = None
    """The answer comes piece by piece, as server-sent events."""
    stream_options: StreamOptions | None = None
    """Only together with "stream"."""
    user: str | None = None
    """Taken, and neither kept nor passed on."""


class ChatRequest(_Sampling):
    """Pages and what to do with them.

    The embedded engine reads the images and writes Markdown; it has no use for texts, and says under "muniment" in its
    answer what else it ignored. Fields that are refused may be there as null.
    """

    model_config = ConfigDict(json_schema_extra=_nulls(NULL_IN_CHAT))

    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=_CAPS.messages)]
    parallel_tool_calls: bool | None = None
    """Taken, and without a meaning here."""
    max_completion_tokens: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    """Only together with "logprobs"."""


class CompletionRequest(_Sampling):
    """A text to go on with. The embedded engine writes none. Fields that are refused may be there as null."""

    model_config = ConfigDict(json_schema_extra=_nulls(NULL_IN_COMPLETION))

    prompt: str | Annotated[list[str], Field(min_length=1, max_length=1)]
    logprobs: Annotated[int, Field(ge=0, le=20)] | None = None


class Usage(Passed):
    """Tokens; the embedded engine knows none."""

    prompt_tokens: Count
    completion_tokens: Count | None = None
    total_tokens: Count


class Remarks(Told):
    """What the embedded engine says beside its answer."""

    ignored: list[str]
    """Fields of the request that it had no use for."""
    flags: list[list[str]]
    """Remarks on each image, as in docs/outputs.md."""


class AnswerMessage(Passed):
    """What the model wrote."""

    role: str
    content: str | None = None


class Choice(Passed):
    """One answer; there is never another."""

    index: Count
    message: AnswerMessage
    finish_reason: str | None


class ChatAnswer(Passed):
    """A chat completion. Answers of a model's server come as they are."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[Choice]
    usage: Usage
    muniment: Remarks | None = None
    """There if the embedded engine read."""


class CompletionChoice(Passed):
    """One answer; there is never another."""

    index: Count
    text: str
    finish_reason: str | None


class CompletionAnswer(Passed):
    """A completion, as the model's server gives it."""

    id: str
    object: Literal["text_completion"]
    created: int
    model: str
    choices: list[CompletionChoice]
    usage: Usage


class ModelCard(Told):
    """A model that can be asked for by its "id"."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str
    max_model_len: int | None
    """Tokens that page and answer may have together; null if the model counts none."""


class ModelList(Told):
    """All models, the default one first."""

    object: Literal["list"]
    data: list[ModelCard]
