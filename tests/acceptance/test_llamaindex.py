"""LlamaIndex: our reader, and its own client for models that are like OpenAI's at the service's address."""

from pathlib import Path
from typing import Any

import pytest

from muniment import ReadOptions
from muniment.engines.local import SealedServer
from muniment.errors import NotADocument
from tests import builders
from tests.acceptance.serving import EXAMPLES, Serving
from tests.acceptance.slips import MISREAD, Slips, halved, misread, scan
from tests.reading_model import PROFILE
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


def test_the_reader_reads_with_a_model_behind_an_address(
    reading_vllm: SealedServer, slips: Slips, tmp_path: Path
) -> None:
    from muniment.integrations.llamaindex import MunimentReader

    (tmp_path / "slips.pdf").write_bytes(scan(slips.note, slips.boxes))
    options = ReadOptions(engines=(reading_vllm.address,), profile=str(PROFILE))
    documents = MunimentReader(options).load_data(tmp_path / "slips.pdf")
    assert [(document.metadata["page"], document.metadata["status"]) for document in documents] == [
        (1, "read"),
        (2, "read"),
    ]
    for document, slip in zip(documents, (slips.note, slips.boxes), strict=True):
        assert misread(slip, document.text) <= MISREAD


def test_what_is_no_document_is_an_error(reader: Any, tmp_path: Path) -> None:
    path = tmp_path / "letters.pdf"
    path.write_bytes(b"no PDF")
    with pytest.raises(NotADocument, match=r"letters\.pdf"):
        reader.load_data(path)


def test_its_client_for_models_like_openais_reads_a_page(either: Serving, slips: Slips, tmp_path: Path) -> None:
    from llama_index.core.llms import ChatMessage, ImageBlock, TextBlock
    from llama_index.llms.openai_like import OpenAILike

    model = OpenAILike(
        model=either.model, api_base=f"{either.url}/v1", api_key="none", is_chat_model=True, max_retries=0
    )
    (tmp_path / "slip.png").write_bytes(halved(slips.table))
    blocks = [TextBlock(text="Read this page."), ImageBlock(path=tmp_path / "slip.png")]
    message = ChatMessage(role="user", blocks=blocks)
    whole = model.chat([message]).message.content
    assert whole is not None
    assert misread(slips.table, whole) <= MISREAD
    assert "".join(piece.delta or "" for piece in model.stream_chat([message])) == whole
