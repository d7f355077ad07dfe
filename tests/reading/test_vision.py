"""A page that a model reads: what is accepted, what is tried again, and what is left when nothing helps."""

import asyncio
from collections.abc import Callable

import pytest

from muniment.engines.image import EncodedImage
from muniment.engines.openai import Broken, ChatRequest, Completion, Deadly, EngineTrouble, Refused, Served, TooLong
from muniment.engines.profiles import Profile
from muniment.errors import PageError
from muniment.reading import Attempt, PageReading, PageStatus
from muniment.reading.asking import VisionModel, Wish, room_for_answer
from muniment.reading.data import Tokens
from muniment.reading.vision import BANDS, read_page
from muniment.reading.wire import PageRead, Pictured
from muniment.text import Flag, Paragraph

IMAGE = EncodedImage("AAAA", "image/jpeg", 1232, 1764)
PROFILE = Profile(name="p", prompt="Read.", temperatures=(0.0, 0.3), max_tokens=15_000)
PAGE = PageReading(number=4, status=PageStatus.READ, width=595, height=842, unit="pt")
FALLEN_BACK = PageReading(number=4, status=PageStatus.READ, attempts=(Attempt("embedded", "ocr"),))
GOOD = Completion("It reads.", "stop")

Answer = Completion | EngineTrouble


class Model:
    """Answers in turn, and keeps what it was asked."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked: list[ChatRequest] = []

    async def complete(self, request: ChatRequest, within: float) -> Completion:  # noqa: ARG002 - the protocol's signature
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, EngineTrouble):
            raise answer
        return answer


def read(
    *answers: Answer, context: int = 0, images: int = 1, fall_back: Callable[[], PageReading] = lambda: FALLEN_BACK
) -> tuple[PageReading, Model]:
    model = Model(*answers)

    async def cut(bands: int) -> PageRead | Pictured:
        return Pictured(PAGE, (IMAGE,) * bands)

    async def other() -> PageReading:
        return fall_back()

    async def work() -> PageReading:
        served = VisionModel(model, Served("ocr2", context), PROFILE, 5.0)
        return await read_page(Pictured(PAGE, (IMAGE,) * images), served, cut, other)

    return asyncio.run(work()), model


def methods(page: PageReading) -> list[tuple[str, str]]:
    return [(attempt.method, attempt.problem) for attempt in page.attempts]


def test_tokens_are_counted_of_attempts_that_failed_too() -> None:
    page, _ = read(
        Completion("cut", "length", 900, 100), Broken("gone"), *[Completion("It reads.", "stop", 450, 20)] * 2
    )
    assert [(attempt.tokens.prompt, attempt.tokens.completion) for attempt in page.attempts] == [
        *((900, 100), (0, 0), (0, 0)),
        *((450, 20), (450, 20)),
    ]
    assert page.tokens == Tokens(1800, 140)


def test_an_answer_that_came_to_its_end_is_the_page() -> None:
    page, model = read(GOOD)
    assert page.status is PageStatus.READ
    assert page.blocks == (Paragraph(text="It reads."),)
    assert methods(page) == [("temperature 0", "")]
    assert page.attempts[0].engine == "ocr2"
    assert (page.width, page.unit, page.flags) == (595, "pt", ())
    assert model.asked[0].temperature == 0.0


@pytest.mark.parametrize(
    ("bad", "problem", "flags"),
    [
        (Completion("cut", "length"), "cut off after 15000 tokens", (Flag.TRUNCATED,)),
        (Completion("loop", "repetition"), "ran into a loop", (Flag.REPETITION,)),
        (Completion(" \n", "stop"), "wrote nothing", ()),
        (Completion("x", "content_filter"), "'content_filter'", ()),
        (Broken("The answer broke off"), "broke off", ()),
        (Refused("The engine answered 400", is_final=False), "400", ()),
    ],
)
def test_a_bad_answer_is_tried_again_warmer_and_remembered(bad: Answer, problem: str, flags: tuple[Flag, ...]) -> None:
    page, model = read(bad, GOOD)
    assert [request.temperature for request in model.asked] == [0.0, 0.3]
    assert problem in page.attempts[0].problem
    assert page.status is PageStatus.READ
    assert page.flags == flags


def test_a_page_that_is_too_much_as_a_whole_is_read_in_bands_without_double_lines() -> None:
    cut = Completion("…", "length")
    upper = Completion("The first line of the page.\nThe second line of it.", "stop")
    lower = Completion("The second line of it.\nThe third and last one.", "stop")
    page, _ = read(cut, cut, upper, lower)
    assert page.blocks == (
        Paragraph(text="The first line of the page. The second line of it. The third and last one."),
    )
    assert [method for method, _ in methods(page)] == [
        *("temperature 0", "temperature 0.3", "2 bands"),
        *("band 1 of 2, temperature 0", "band 2 of 2, temperature 0"),
    ]
    assert page.flags == (Flag.TRUNCATED,)


def test_when_one_band_fails_the_others_are_left() -> None:
    cancelled = []

    class Slow(Model):
        async def complete(self, request: ChatRequest, within: float) -> Completion:
            if len(self.asked) == 3:  # the second band
                self.asked.append(request)
                try:
                    await asyncio.sleep(60)
                except asyncio.CancelledError:
                    cancelled.append(request)
                    raise
            return await super().complete(request, within)

    model = Slow(*[Completion("…", "length")] * 5)

    async def cut(bands: int) -> PageRead | Pictured:
        return Pictured(PAGE, (IMAGE,) * bands)

    async def other() -> PageReading:
        return FALLEN_BACK

    served = VisionModel(model, Served("ocr2", 0), PROFILE, 5.0)

    async def work() -> tuple[PageReading, int]:
        return await read_page(Pictured(PAGE, (IMAGE,)), served, cut, other), len(cancelled)

    page, left = asyncio.run(work())
    assert page.status is PageStatus.FALLBACK
    assert left == 1


def test_what_goes_wrong_with_bands_is_remembered_too() -> None:
    broken = Broken("The answer broke off")
    page, _ = read(broken, broken, Completion("…", "repetition"), GOOD, GOOD)
    assert page.status is PageStatus.READ
    assert page.flags == (Flag.REPETITION,)
    assert [bool(problem) for _, problem in methods(page)] == [True, True, False, True, False, False]


def test_a_page_that_ends_the_engine_is_never_sent_again() -> None:
    page, model = read(Completion("…", "length"), Deadly("vLLM ended over it"))
    assert len(model.asked) == 2
    assert [attempt.engine for attempt in page.attempts] == ["ocr2", "ocr2", "embedded"]
    assert page.flags == (Flag.FALLBACK, Flag.TRUNCATED)


def test_a_band_that_ends_the_engine_is_never_sent_again() -> None:
    cut = Completion("…", "length")
    page, model = read(cut, cut, GOOD, Deadly("vLLM ended over it"))
    assert len(model.asked) == 4
    assert page.status is PageStatus.FALLBACK


def test_when_bands_fail_too_the_page_falls_back_and_says_so() -> None:
    loop = Completion("…", "repetition")
    page, _ = read(*[loop] * 6)
    assert page.status is PageStatus.FALLBACK
    assert page.flags == (Flag.FALLBACK, Flag.REPETITION)
    assert [attempt.engine for attempt in page.attempts] == ["ocr2"] * 7 + ["embedded"]


def test_a_page_that_fails_everywhere_is_failed_with_every_attempt() -> None:
    failed = PageReading(number=4, status=PageStatus.FAILED, problem="damaged", flags=(Flag.FAILED,))
    page, _ = read(*[Completion("…", "length")] * 6, fall_back=lambda: failed)
    assert (page.status, page.problem) == (PageStatus.FAILED, "damaged")
    assert len(page.attempts) == 7


def test_a_blank_page_does_not_reach_the_model() -> None:
    page, model = read(images=0)
    assert model.asked == []
    assert (page.status, page.blocks) == (PageStatus.READ, ())


def test_the_answer_gets_what_the_context_leaves_beside_the_page() -> None:
    model = VisionModel(Model(), Served("ocr2", 15_000), PROFILE, 5.0)
    room = room_for_answer(model, IMAGE, Wish("Read."))
    assert 15_000 - 44 * 63 - 100 < room < 15_000 - 44 * 63
    assert room_for_answer(model, IMAGE, Wish("Read." + "x" * 3_000)) <= room - 999
    full = VisionModel(Model(), Served("ocr2", 2_800), PROFILE, 5.0)
    assert room_for_answer(full, IMAGE, Wish("Read.")) == 256, "the server counts better, and says so"
    unknown = VisionModel(Model(), Served("ocr2", 0), PROFILE, 5.0)
    assert room_for_answer(unknown, IMAGE, Wish("Read.")) == PROFILE.max_tokens


def test_a_page_too_long_is_asked_for_again_with_the_room_the_server_has() -> None:
    page, model = read(TooLong("too long", context=4_096, prompt=3_000), GOOD)
    assert [request.max_tokens for request in model.asked] == [15_000, 1_095]
    assert page.status is PageStatus.READ


def test_a_page_that_leaves_no_room_is_cut() -> None:
    full = TooLong("too long", context=4_096, prompt=4_000)
    page, _ = read(full, full, GOOD, GOOD)
    assert (f"{BANDS} bands", "") in methods(page)


def test_a_page_that_cannot_be_cut_falls_back() -> None:
    model = Model(*[Completion("…", "length")] * 2)

    async def cut(bands: int) -> PageRead | Pictured:
        raise PageError(f"no {bands} bands")

    async def other() -> PageReading:
        return FALLEN_BACK

    async def work() -> PageReading:
        return await read_page(
            Pictured(PAGE, (IMAGE,)), VisionModel(model, Served("ocr2", 0), PROFILE, 5.0), cut, other
        )

    page = asyncio.run(work())
    assert page.status is PageStatus.FALLBACK
    assert "no 2 bands" in page.attempts[2].problem
