"""Whether a PDF page's text layer says what the page shows."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from muniment.documents.characters import is_meaningless
from muniment.documents.page import TextLine
from muniment.documents.pdfglyphs import Glyphs
from muniment.documents.pdfsurvey import Survey

_MOST_MEANINGLESS = 0.05
_MOST_SIDEWAYS = 0.5
_MOST_INVISIBLE = 0.5
_MOST_PILED = 0.3
_MOSTLY_PICTURE = 0.7
_HARDLY_ANY_TEXT = 150
"""Characters: a stamp, a page number or a court's running head on top of a scan."""

_MANY_PATHS = 300
"""More than the rules of a table: a drawing, or text turned into outlines."""

_JUDGED_FROM = 40
"""Characters there must be to judge what they are."""

_LETTERS_JUDGED_FROM = 80
_COMMON_LETTERS = frozenset("etaoinsrhlETAOINSRHL")
_LEAST_COMMON = 0.5
"""Share of the letters; about 0.7 in European languages, 0.4 by chance and in alphabets that a font has shifted."""

_MOST_MOJIBAKE = 0.15
_LATIN_LETTER = re.compile(r"[A-Za-z]")
_MOJIBAKE = re.compile(r"[ÃÂâ][\u0080-\u00bf€™œžŸ‚„…†‡ˆ‰Š‹Œ‘’“”•–—˜š›]|[¢-¿]{2,}|[ÐÑ][\u0080-\u00bf]")
_ODD = re.compile(r"[^\w\s.,;:!?'\"()\[\]{}<>/\\\-–—_+=*%&@#$€£¥§°©®™•·…‘’“”„«»|^~`´→←↑↓×÷±≤≥≈≠∞√∑∫∂∆∇∈∪∩∅]")
_MOST_ODD = 0.3
_MARGIN, _LEAST_INNER = 0.1, 0.1
"""Of the page's sides, and of the letters: text of a page stands within its margins."""


def reason_for_distrust(glyphs: Glyphs, letters: NDArray[np.int64], lines: Sequence[TextLine], survey: Survey) -> str:
    """Why the text should not be used, or "".

    Args:
        glyphs: the page's characters.
        letters: which of them are seen on the page; at least one.
        lines: the text made of them.
        survey: what else is drawn.
    """
    return (
        _about_pictures(glyphs, letters, survey)
        or _about_places(glyphs, letters)
        or _about_characters(glyphs, letters)
        or _about_words(" ".join(line.text for line in lines))
    )


def _about_pictures(glyphs: Glyphs, letters: NDArray[np.int64], survey: Survey) -> str:
    visible = np.array([run.visible for run in glyphs.run_list])[glyphs.runs[letters]]
    if survey.coverage >= _MOSTLY_PICTURE:
        if survey.text_below or 1 - visible.mean() > _MOST_INVISIBLE:
            return "it was laid invisibly over a scan by an earlier program"
        if len(letters) < _HARDLY_ANY_TEXT or _stands_in_margins(glyphs, letters):
            return "the page is a picture with hardly any text of its own"
    if len(letters) < _HARDLY_ANY_TEXT and survey.paths > _MANY_PATHS:
        return "most of what the page shows is drawn and hardly any is text"
    if 1 - visible.mean() > _MOST_INVISIBLE:
        return "most of it is invisible"
    return ""


def _stands_in_margins(glyphs: Glyphs, letters: NDArray[np.int64]) -> bool:
    """Whether (nearly) all of the text is stamped along the edges, as courts and archives do with scans."""
    middle = (glyphs.boxes[letters, 1] + glyphs.boxes[letters, 3]) / 2 / max(glyphs.height, 1.0)
    across = (glyphs.boxes[letters, 0] + glyphs.boxes[letters, 2]) / 2 / max(glyphs.width, 1.0)
    inner = (np.abs(middle - 0.5) < 0.5 - _MARGIN) & (np.abs(across - 0.5) < 0.5 - _MARGIN)
    return bool(inner.mean() < _LEAST_INNER)


def _about_places(glyphs: Glyphs, letters: NDArray[np.int64]) -> str:
    turn = np.array([run.turn or 0 for run in glyphs.run_list])[glyphs.runs[letters]]
    if (turn != 0).mean() > _MOST_SIDEWAYS:
        return "it runs sideways or upside down"
    boxes = glyphs.boxes[letters]
    places = np.round(boxes[:, [0, 3]])
    if len(letters) >= _JUDGED_FROM and 1 - len(np.unique(places, axis=0)) / len(letters) > _MOST_PILED:
        return "its characters are piled on each other"
    return ""


def _about_characters(glyphs: Glyphs, letters: NDArray[np.int64]) -> str:
    meaningless = is_meaningless(glyphs.codes[letters]) | glyphs.unmapped[letters]
    share = float(meaningless.mean())
    return f"{share:.0%} of its characters have no meaning" if share > _MOST_MEANINGLESS else ""


def _about_words(text: str) -> str:
    characters = len(text.replace(" ", ""))
    if characters < _JUDGED_FROM:
        return ""
    latin = _LATIN_LETTER.findall(text)
    common = sum(letter in _COMMON_LETTERS for letter in latin)
    if len(latin) >= _LETTERS_JUDGED_FROM and common < _LEAST_COMMON * len(latin):
        return "its letters make no words"
    if sum(map(len, _MOJIBAKE.findall(text))) > _MOST_MOJIBAKE * characters:
        return "it was written with a wrong character encoding"
    if len(_ODD.findall(text)) > _MOST_ODD * characters:
        return "it is mostly signs and hardly any words"
    return ""
