"""Scripts that are written without spaces, and where sentences end."""

import re

WIDE = "\u1100-\u115f\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6"
"""For a regular expression's brackets: Chinese, Japanese and Korean characters and their punctuation, which take about
twice the room of others."""
_WIDE = re.compile(f"[{WIDE}]")
_SENTENCE_END = (".", "!", "?", ":", ";", "。", "！", "？")


def is_wide(character: str) -> bool:
    """Whether a character is of a script without spaces."""
    return _WIDE.match(character) is not None


def ends_sentence(text: str) -> bool:
    """Whether nothing has to follow ``text``: it ends like a sentence, or like the first half of one."""
    return text.rstrip().endswith(_SENTENCE_END)
