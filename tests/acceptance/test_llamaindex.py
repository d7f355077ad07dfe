"""LlamaIndex: our reader, and its own client for models that are like OpenAI's at the service's address."""

from pathlib import Path
from typing import Any

import pytest

from muniment.errors import NotADocument
from tests import builders
from tests.acceptance.serving import EXAMPLES, Serving
from tests.required import sdk

sdk("llama_index.core")

pytestmark = pytest.mark.acceptance


@pytest.fixture
def reader() -> Any:
    from muniment.integrations.llamaindex import MunimentReader

    return MunimentReader()


def test_the_reader_gives_a_document_a_page(reader: Any, tmp_path: Path) -> None:
    path = tmp_path / "letters.pdf"
    path.write_bytes(builders.text_pdf("the first page", "the second page"))
    documents = reader.load_data(path, extra_info={"folder": "in"})
    assert [document.text for document in documents] == ["the first page", "the second page"]
    assert documents[1].metadata == {
        "folder": "in",
        "source": "letters.pdf",
        "page": 2,
        "pages": 2,
        "status": "read",
        "flags": ["text_layer"],
    }


def test_models_are_shown_where_a_page_is_from_and_nothing_else(reader: Any) -> None:
    from llama_index.core.schema import MetadataMode

    (document,) = reader.load_data(EXAMPLES / "receipt.jpg")
    shown = document.get_content(MetadataMode.LLM)
    assert shown.startswith("source: receipt.jpg\npage: 1\n\n")
    assert "flags" not in shown


def test_the_reader_is_one_of_a_directory_reader(reader: Any, tmp_path: Path) -> None:
    from llama_index.core import SimpleDirectoryReader

    (tmp_path / "receipt.jpg").write_bytes((EXAMPLES / "receipt.jpg").read_bytes())
    (document,) = SimpleDirectoryReader(str(tmp_path), file_extractor={".jpg": reader}, raise_on_error=True).load_data()
    assert document.text
    assert document.metadata["page"] == 1


def test_what_is_no_document_is_an_error(reader: Any, tmp_path: Path) -> None:
    path = tmp_path / "letters.pdf"
    path.write_bytes(b"no PDF")
    with pytest.raises(NotADocument, match=r"letters\.pdf"):
        reader.load_data(path)


def test_its_client_for_models_like_openais_reads_a_page(service: Serving) -> None:
    from llama_index.core.llms import ChatMessage, ImageBlock, TextBlock
    from llama_index.llms.openai_like import OpenAILike

    model = OpenAILike(
        model="embedded", api_base=f"{service.url}/v1", api_key="none", is_chat_model=True, max_retries=0
    )
    blocks = [TextBlock(text="Read this page."), ImageBlock(path=EXAMPLES / "invoice.png")]
    message = ChatMessage(role="user", blocks=blocks)
    whole = model.chat([message]).message.content
    assert whole is not None
    assert "Invoice" in whole
    assert next(iter(model.stream_chat([message]))).delta == whole
