"""The service, by way of OpenAI's own client."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from muniment.engines.local import SealedServer
from tests.acceptance.serving import EXAMPLES, Serving, data_url, new_key, options_for, serving
from tests.acceptance.slips import MISREAD, Slips, halved, misread
from tests.reading_model import Slip
from tests.required import sdk
from tests.server.asking import question, url

openai = sdk("openai")

pytestmark = pytest.mark.acceptance

WORDS = ("Invoice", "Total")


def messages(*names: str, text: str = "Read this page.") -> list[dict[str, Any]]:
    images = [{"type": "image_url", "image_url": {"url": data_url(name), "detail": "high"}} for name in names]
    return [{"role": "user", "content": [{"type": "text", "text": text}, *images]}]


def client_of(service: Serving) -> Any:
    return openai.OpenAI(base_url=f"{service.url}/v1", api_key="none is needed", max_retries=0)


@pytest.fixture
def client(service: Serving) -> Iterator[Any]:
    with client_of(service) as found:
        yield found


@pytest.fixture
def vllm_client(vllm_service: Serving) -> Iterator[Any]:
    with client_of(vllm_service) as found:
        yield found


@pytest.fixture(scope="module")
def both(reading_vllm: SealedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A service with two engines."""
    with serving(tmp_path_factory.mktemp("both"), *options_for(reading_vllm), "--engine", "embedded") as found:
        yield found


def about(slip: Slip) -> list[dict[str, Any]]:
    """Messages that show it."""
    found: list[dict[str, Any]] = question("any", "Read this page.", url(halved(slip)))["messages"]
    return found


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Serving, str]]:
    """A service that wants a key, and a key that lets one request a minute through."""
    folder = tmp_path_factory.mktemp("keyed")
    key = new_key(folder / "data", "once", "--rate", "1/min")
    with serving(folder) as found:
        yield found, key


def test_models_are_listed(client: Any) -> None:
    assert [model.id for model in client.models.list()] == ["embedded"]
    assert client.models.retrieve("embedded").id == "embedded"
    for name in ("gpt", "no/such"):
        with pytest.raises(openai.NotFoundError) as caught:
            client.models.retrieve(name)
        assert caught.value.code == "model_not_found"


def test_a_page_becomes_markdown(client: Any) -> None:
    answer = client.chat.completions.create(model="embedded", messages=messages("invoice.png"), temperature=0)
    (choice,) = answer.choices
    assert choice.finish_reason == "stop"
    assert all(word in choice.message.content for word in WORDS)
    assert "|" in choice.message.content  # a table
    assert answer.model_extra["muniment"]["ignored"] == ["messages[].content[].text", "temperature"]


def test_a_stream_says_the_same_piece_by_piece(client: Any) -> None:
    asked = messages("invoice.png", "receipt.jpg")
    whole = client.chat.completions.create(model="embedded", messages=asked).choices[0].message.content
    chunks = list(
        client.chat.completions.create(
            model="embedded", messages=asked, stream=True, stream_options={"include_usage": True}
        )
    )
    pieces = [choice.delta.content for chunk in chunks for choice in chunk.choices if choice.delta.content]
    assert len(pieces) == len(("invoice.png", "receipt.jpg"))
    assert "".join(pieces) == whole
    assert chunks[-1].usage is not None
    assert chunks[-2].choices[0].finish_reason == "stop"


@pytest.mark.parametrize("name", ["note", "boxes", "table"])
def test_what_stands_on_an_image_is_what_a_chat_says(either: Serving, slips: Slips, name: str) -> None:
    slip: Slip = getattr(slips, name)
    with client_of(either) as client:
        answer = client.chat.completions.create(model=either.model, messages=about(slip), temperature=0)
    assert answer.model == either.model
    assert answer.choices[0].finish_reason == "stop"
    assert misread(slip, answer.choices[0].message.content) <= MISREAD


def test_asynchronous_clients_get_each_its_own_page_streamed_or_not(either: Serving, slips: Slips) -> None:
    async def read(client: Any, slip: Slip, stream: bool) -> str:
        asked = {"model": either.model, "messages": about(slip), "temperature": 0}
        if not stream:
            said: str = (await client.chat.completions.create(**asked)).choices[0].message.content
            return said
        pieces = await client.chat.completions.create(**asked, stream=True)
        return "".join([piece.choices[0].delta.content or "" async for piece in pieces])

    async def ask() -> list[str]:
        async with openai.AsyncOpenAI(base_url=f"{either.url}/v1", api_key="none", max_retries=0) as client:
            return await asyncio.gather(*(read(client, slip, stream) for stream in (True, False) for slip in slips.all))

    for slip, text in zip(slips.all * 2, asyncio.run(ask()), strict=True):
        assert misread(slip, text) <= MISREAD


@pytest.mark.parametrize("wants_usage", [True, False])
def test_a_models_stream_comes_piece_by_piece_and_its_tokens_are_counted(
    vllm_client: Any, vllm_service: Serving, slips: Slips, wants_usage: bool
) -> None:
    options = {"stream_options": {"include_usage": True}} if wants_usage else {}
    asked = {"model": vllm_service.model, "messages": about(slips.note), "temperature": 0}
    before = len(vllm_service.audited())
    whole = vllm_client.chat.completions.create(**asked)
    chunks = list(vllm_client.chat.completions.create(**asked, stream=True, **options))
    pieces = [choice.delta.content for chunk in chunks for choice in chunk.choices if choice.delta.content]
    assert "".join(pieces) == whole.choices[0].message.content
    assert len(pieces) > 20
    assert [chunk.usage for chunk in chunks if not chunk.choices] == ([whole.usage] if wants_usage else [])
    line = vllm_service.audited(before + 2)[-1]
    assert (line["prompt_tokens"], line["completion_tokens"]) == (
        whole.usage.prompt_tokens,
        whole.usage.completion_tokens,
    )
    assert line["completion_tokens"] > len(pieces) / 2


@pytest.mark.parametrize("stream", [True, False])
def test_a_model_goes_on_with_a_text_and_its_tokens_are_counted(
    vllm_client: Any, vllm_service: Serving, stream: bool
) -> None:
    asked = {"model": vllm_service.model, "prompt": "Keep the sheets", "max_tokens": 12, "temperature": 0}
    before = len(vllm_service.audited())
    whole = vllm_client.completions.create(**asked)
    text = whole.choices[0].text
    if stream:
        chunks = list(vllm_client.completions.create(**asked, stream=True))
        assert all(chunk.choices for chunk in chunks)
        text = "".join(chunk.choices[0].text for chunk in chunks)
    assert text == whole.choices[0].text
    counted = [line["completion_tokens"] for line in vllm_service.audited(before + 1 + stream)[before:]]
    assert counted == [whole.usage.completion_tokens] * (1 + stream)
    assert whole.usage.completion_tokens > 0


def test_models_side_by_side_are_told_apart_by_name(both: Serving, slips: Slips) -> None:
    with client_of(both) as client:
        assert [model.id for model in client.models.list()] == ["embedded", "checkpoint"]
        answers = {
            name: client.chat.completions.create(model=name, messages=about(slips.table), temperature=0)
            for name in ("embedded", "checkpoint")
        }
        with pytest.raises(openai.NotFoundError):
            client.chat.completions.create(model="gpt-4o", messages=about(slips.table))
    said = {name: answer.choices[0].message.content for name, answer in answers.items()}
    assert all(misread(slips.table, text) <= MISREAD for text in said.values())
    assert (said["embedded"][0], said["checkpoint"][0]) == ("|", "<"), "Markdown of the one, the other's own markup"
    assert answers["checkpoint"].usage.completion_tokens > 0


def test_a_model_keeps_to_a_schema(vllm_client: Any, vllm_service: Serving, slips: Slips) -> None:
    schema = {"type": "object", "properties": {"paid": {"type": "boolean"}}, "required": ["paid"]}
    form = {"type": "json_schema", "json_schema": {"name": "paid", "schema": schema}}
    asked = {"model": vllm_service.model, "messages": about(slips.note), "temperature": 0}
    answer = vllm_client.chat.completions.create(**asked, response_format=form, max_tokens=200)
    assert answer.choices[0].message.content.lstrip().startswith("{")


@pytest.mark.parametrize("stream", [True, False])
def test_what_the_engine_refuses_is_a_bad_request_that_quotes_nothing(
    vllm_client: Any, vllm_service: Serving, slips: Slips, stream: bool
) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "Zyxquarn"}}}
    asked = {"model": vllm_service.model, "messages": about(slips.note)}
    before = len(vllm_service.audited())
    with pytest.raises(openai.BadRequestError) as caught:
        vllm_client.chat.completions.create(**asked, stream=stream, response_format=form)
    assert caught.value.param == "response_format"
    assert "Zyxquarn" not in str(caught.value)
    assert vllm_service.audited(before + 1)[-1]["outcome"] == "refused"


def test_more_than_fits_the_model_is_a_bad_request_that_says_so(vllm_client: Any, vllm_service: Serving) -> None:
    with pytest.raises(openai.BadRequestError, match="8,192 tokens") as caught:
        vllm_client.completions.create(model=vllm_service.model, prompt="word " * 9_000, max_tokens=5)
    assert caught.value.code == "context_length_exceeded"


def test_more_images_than_the_engine_takes_are_a_bad_request_that_says_how_many(
    vllm_client: Any, vllm_service: Serving, slips: Slips
) -> None:
    two = question("any", *(url(halved(slip)) for slip in slips.all[:2]))["messages"]
    with pytest.raises(openai.BadRequestError, match="takes a request: 1"):
        vllm_client.chat.completions.create(model=vllm_service.model, messages=two)


def test_a_field_that_is_not_taken_is_a_bad_request_that_names_it(client: Any) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(
            model="embedded", messages=messages("receipt.jpg"), extra_body={"chat_template": "x"}
        )
    assert (caught.value.param, caught.value.code) == ("chat_template", "unsupported_parameter")
    assert caught.value.request_id


def test_an_address_of_elsewhere_is_a_bad_request(client: Any) -> None:
    part = {"type": "image_url", "image_url": {"url": "https://example.org/page.png"}}
    with pytest.raises(openai.BadRequestError, match="fetches nothing"):
        client.chat.completions.create(model="embedded", messages=[{"role": "user", "content": [part]}])


def test_a_model_that_is_not_there_is_not_found(client: Any) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model="gpt-4o", messages=messages("receipt.jpg"))
    assert (caught.value.param, caught.value.code) == ("model", "model_not_found")


def test_what_is_no_image_is_an_unprocessable_entity(client: Any) -> None:
    part = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    with pytest.raises(openai.UnprocessableEntityError):
        client.chat.completions.create(model="embedded", messages=[{"role": "user", "content": [part]}])


def test_the_embedded_engine_goes_on_with_no_text(client: Any) -> None:
    with pytest.raises(openai.BadRequestError, match="embedded engine"):
        client.completions.create(model="embedded", prompt="Once")


def test_a_wrong_key_is_an_authentication_error(keyed: tuple[Serving, str]) -> None:
    client = openai.OpenAI(base_url=f"{keyed[0].url}/v1", api_key="mun_wrong", max_retries=0)
    with pytest.raises(openai.AuthenticationError, match="unknown, expired or revoked"):
        client.models.list()


def test_more_than_a_key_may_ask_for_is_a_rate_limit_error_that_says_when_to_come_back(
    keyed: tuple[Serving, str],
) -> None:
    client = openai.OpenAI(base_url=f"{keyed[0].url}/v1", api_key=keyed[1], max_retries=0)
    assert client.models.list().data
    with pytest.raises(openai.RateLimitError) as caught:
        client.models.list()
    assert 1 <= int(caught.value.response.headers["retry-after"]) <= 60


def test_uploaded_files_can_be_listed_and_erased_by_it(client: Any, tmp_path: Path) -> None:
    path = tmp_path / "receipt.jpg"
    path.write_bytes((EXAMPLES / "receipt.jpg").read_bytes())
    files = [client.files.create(file=path, purpose="user_data") for _ in range(3)]
    file = files[0]
    assert (file.filename, file.bytes) == ("receipt.jpg", path.stat().st_size)
    assert [one.id for one in client.files.list(limit=2, order="asc")] == [one.id for one in files], "page by page"
    assert all(client.files.delete(one.id).deleted for one in files)
    with pytest.raises(openai.NotFoundError):
        client.files.retrieve(file.id)
