"""What the model reads and writes: one token for each character, and one for each tag of its markup."""

from collections.abc import Iterable

MARKUP = (
    *("<table>", "</table>", "<tr>", "</tr>", "<th>", "</th>", "<td>", "</td>"),
    *("<page_number>", "</page_number>", "<watermark>", "</watermark>", "<img>", "</img>"),
)
SPECIAL = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
)
BEYOND_ASCII = "–—‘’“”•·☐☑☒£€°×§©éèüöäñçøÉÈÜÖÄÑÇØ"
_ASCII = "\n" + "".join(map(chr, range(32, 127)))

READABLE = (*_ASCII, *BEYOND_ASCII, *MARKUP)
"""What an answer consists of."""

BLANK = len(READABLE)
"""Stands for "no letter here" where the encoder is taught letters; the first special token's number."""


def byte_letters() -> dict[int, str]:
    """The letter that stands for each byte in byte-level vocabularies."""
    shown = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    hidden = [byte for byte in range(256) if byte not in shown]
    return {byte: chr(byte) for byte in shown} | {byte: chr(256 + number) for number, byte in enumerate(hidden)}


def _vocabulary() -> dict[str, int]:
    """Numbers of all tokens: the readable ones first, then the special ones, then bytes that no answer needs."""
    letters = byte_letters()
    readable = ["".join(letters[byte] for byte in token.encode()) for token in READABLE]
    rest = [letter for letter in letters.values() if letter not in readable]
    return {token: number for number, token in enumerate([*readable, *SPECIAL, *rest])}


VOCABULARY = _vocabulary()
END = VOCABULARY["<|im_end|>"]
START = VOCABULARY["<|im_start|>"]
PICTURE_START = VOCABULARY["<|vision_start|>"]
PICTURE_END = VOCABULARY["<|vision_end|>"]
PICTURE = VOCABULARY["<|image_pad|>"]
_NUMBERS = {token: number for number, token in enumerate(READABLE)}


def numbers(text: str) -> list[int]:
    """The tokens of a text without tags. Raises KeyError for characters that the model does not know."""
    return [_NUMBERS[character] for character in text]


def number(token: str) -> int:
    """The number of one character or tag."""
    return _NUMBERS[token]


def text(tokens: Iterable[int]) -> str:
    """What ``tokens`` say; special ones say nothing."""
    return "".join(READABLE[token] for token in tokens if token < len(READABLE))
