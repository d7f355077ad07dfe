"""What a reader of the result should know about a page."""

from enum import StrEnum


class Flag(StrEnum):
    """A remark on a page. A page without flags was read the normal way."""

    ROTATED = "rotated"
    """The page lay on its side or upside down and was turned upright."""

    SKEWED = "skewed"
    """The page was scanned at a slant, and its lines were straightened."""

    BLANK = "blank"
    """Nothing is on the page."""

    UNREADABLE = "unreadable"
    """Something is on the page, and nothing of it could be read."""

    TEXT_LAYER = "text_layer"
    """The text comes from the PDF itself and not from looking at the page."""

    TEXT_LAYER_REFUSED = "text_layer_refused"
    """The PDF carries text for this page that makes no sense; the page was looked at instead."""

    NO_TEXT_LAYER = "no_text_layer"
    """Only the PDF's own text was asked for, and this page has none."""

    DAMAGED = "damaged"
    """Part of the page's data is missing or corrupt; what was left was read."""

    FALLBACK = "fallback"
    """The normal way failed and a lesser one was used."""

    TRUNCATED = "truncated"
    """A model's answer was cut off at least once; what stands here comes from another attempt."""

    REPETITION = "repetition"
    """A model ran into a loop at least once; what stands here comes from another attempt."""

    LOW_SCORE = "low_score"
    """The reader was unsure of much of the page."""

    FAILED = "failed"
    """The page could not be read; the reason is beside it."""
