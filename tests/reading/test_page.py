"""One attempt at one page: what the engine is given, and what is remarked."""

import io
from dataclasses import dataclass, field

import pytest

from muniment.documents import PageImage, TextLayer, open_document
from muniment.engines import PageContent
from muniment.errors import PageError
from muniment.reading import PageReading, PageStatus, TextLayerUse
from muniment.reading.page import REDUCED_SIDE, read_page
from muniment.reading.wire import Method, PageRequest
from muniment.text import Flag
from tests import builders

WORDS = "These are words of a born-digital page, enough of them to be judged."
NONSENSE = "qxzj wvkq zzxq pqvw kjxz qqwv xzkj vvwq zxqk\n" * 4


@dataclass
class Spy:
    """An engine that reads nothing and remembers what it was shown."""

    name: str = "spy"
    image: PageImage | None = None
    texts: list[TextLayer | None] = field(default_factory=list)

    def read(self, image: PageImage, text_layer: TextLayer | None = None) -> PageContent:
        self.image = image
        self.texts.append(text_layer)
        return PageContent(blocks=())


def read(
    content: bytes, *, use: TextLayerUse = TextLayerUse.AUTO, method: Method = Method.BEST, engine: Spy | None = None
) -> PageReading:
    with io.BytesIO(content) as file:
        document = open_document(file, "deed")
        try:
            return read_page(document, PageRequest(1, 1, use, method, 1), lambda: engine or Spy())
        finally:
            document.close()


@pytest.mark.parametrize(
    ("words", "use", "used", "flags"),
    [
        (WORDS, TextLayerUse.AUTO, True, ()),
        (WORDS, TextLayerUse.NEVER, False, ()),
        (WORDS, TextLayerUse.ONLY, True, ()),
        (NONSENSE, TextLayerUse.AUTO, False, (Flag.TEXT_LAYER_REFUSED,)),
        (NONSENSE, TextLayerUse.ONLY, True, ()),
        ("", TextLayerUse.AUTO, False, ()),
    ],
)
def test_a_text_layer_is_used_where_it_may_be_and_is_sane(
    words: str, use: TextLayerUse, used: bool, flags: tuple[Flag, ...]
) -> None:
    engine = Spy()
    page = read(builders.text_pdf(words), use=use, engine=engine)
    assert [text is not None for text in engine.texts] == [used]
    assert (page.status, page.flags) == (PageStatus.READ, flags)
    assert [attempt.method for attempt in page.attempts] == ["text layer" if used else "ocr"]


def test_a_page_without_text_is_not_looked_at_if_only_its_text_is_asked_for() -> None:
    engine = Spy()
    page = read(builders.image_bytes(builders.page_picture(), "PNG"), use=TextLayerUse.ONLY, engine=engine)
    assert page.flags == (Flag.NO_TEXT_LAYER,)
    assert engine.image is None


def test_what_is_left_of_a_damaged_page_is_a_fallback() -> None:
    whole = builders.image_bytes(builders.page_picture(), "JPEG")
    assert read(whole).status is PageStatus.READ
    page = read(whole[: len(whole) // 2])
    assert (page.status, page.flags) == (PageStatus.FALLBACK, (Flag.DAMAGED, Flag.FALLBACK))


@pytest.mark.parametrize(("size", "seen"), [((4000, 300), (REDUCED_SIDE, 120)), ((400, 300), (400, 300))])
def test_a_reduced_attempt_looks_at_a_small_image(size: tuple[int, int], seen: tuple[int, int]) -> None:
    engine = Spy()
    page = read(builders.image_bytes(builders.page_picture(*size), "PNG"), method=Method.REDUCED, engine=engine)
    assert engine.image is not None
    assert (engine.image.width, engine.image.height) == seen
    assert (page.status, page.flags) == (PageStatus.FALLBACK, (Flag.FALLBACK,))


def test_the_last_attempt_takes_the_text_as_it_is() -> None:
    page = read(builders.text_pdf(WORDS), method=Method.PLAIN)
    assert [line.text for line in page.lines] == [WORDS]
    assert page.flags == (Flag.FALLBACK, Flag.TEXT_LAYER)


def test_the_last_attempt_fails_where_there_is_no_text() -> None:
    with pytest.raises(PageError, match="no text layer to fall back to"):
        read(builders.text_pdf(""), method=Method.PLAIN)
