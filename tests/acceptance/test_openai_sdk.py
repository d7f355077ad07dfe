"""The service, by way of OpenAI's own client."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.serving import EXAMPLES, Serving, data_url, new_key, serving
from tests.required import sdk

openai = sdk("openai")

pytestmark = pytest.mark.acceptance

WORDS = ("Invoice", "Total")


def messages(*names: str, text: str = "Read this page.") -> list[dict[str, Any]]:
    images = [{"type": "image_url", "image_url": {"url": data_url(name), "detail": "high"}} for name in names]
    return [{"role": "user", "content": [{"type": "text", "text": text}, *images]}]


@pytest.fixture
def client(service: Serving) -> Iterator[Any]:
    with openai.OpenAI(base_url=f"{service.url}/v1", api_key="none is needed", max_retries=0) as found:
        yield found


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Serving, str]]:
    """A service that wants a key, and a key that lets one request a minute through."""
    folder = tmp_path_factory.mktemp("keyed")
    key = new_key(folder / "data", "once", "--rate", "1/min")
    with serving(folder) as found:
        yield found, key


def test_models_are_listed(client: Any) -> None:
    assert [model.id for model in client.models.list()] == ["embedded"]


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


def test_asynchronous_clients_are_served_side_by_side(service: Serving) -> None:
    async def ask() -> list[str]:
        async with openai.AsyncOpenAI(base_url=f"{service.url}/v1", api_key="none", max_retries=0) as client:
            answers = await asyncio.gather(
                *(client.chat.completions.create(model="embedded", messages=messages("receipt.jpg")) for _ in range(3))
            )
            stream = await client.chat.completions.create(
                model="embedded", messages=messages("receipt.jpg"), stream=True
            )
            pieces = [piece.choices[0].delta.content or "" async for piece in stream if piece.choices]
            return [*(answer.choices[0].message.content for answer in answers), "".join(pieces)]

    first, *others = asyncio.run(ask())
    assert first
    assert others == [first] * 3


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
    file = client.files.create(file=path, purpose="user_data")
    assert (file.filename, file.bytes) == ("receipt.jpg", path.stat().st_size)
    assert file.id in [one.id for one in client.files.list()]
    assert client.files.delete(file.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.files.retrieve(file.id)
