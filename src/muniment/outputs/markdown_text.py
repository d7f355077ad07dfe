"""Text as Markdown that shows exactly that text.

Only what a renderer would take for markup is escaped: ``3.50``, ``snake_case``, ``e-mail`` and ``a < b`` stay as they
are. The rules are those of GitHub-flavoured Markdown: a run of ``*``, ``_`` or ``~`` is escaped where it could open
emphasis that a later run could close; ``$`` where GitHub would see a formula.
"""

import re

from muniment.outputs.characters import clean, flat, lines_of

_ALWAYS = re.compile(
    r"`"
    r"|\\(?=[!-/:-@\[-`{-~\n\0]|$)"  # a backslash that would escape something
    r"|<(?=[A-Za-z/!?])"  # the start of a tag
    r"|&(?=#?\w+;)"  # a character reference
    r"|(?<=\])[(\[]"  # the target of a link
)
_CELL_BREAK = "\0"  # stands for <br> while text is escaped: like it no white space, and in no cleaned text
_EMPHASIS = re.compile(r"\*+|_+|~+")
_FORMULA = re.compile(r"\$\$|\$(?=\S)[^$]*(?<=\S)\$(?!\w)")

_BLOCK_START = re.compile(
    r"(?P<head>)#{1,6}(?=\s|$)"
    r"|(?P<quote>)>"
    r"|(?P<bullet>)[-+*](?=\s|$)"
    r"|(?P<number>\d{1,9})[.)](?=\s|$)"
    r"|(?P<rule>)([-_*]\s*)(?:\2\s*){2,}$"
    r"|(?P<underline>)(?:=+|-+)$"
    r"|(?P<fence>)~~~"
    r"|(?P<definition>)\[[^\]]*(?:\]:|$)"
    r"|(?P<task>)\[[ xX]\](?=\s|$)"
    r"|(?P<delimiter>)[|:-][\s|:-]*$"
)
_CLOSING_HASHES = re.compile(r"(?:^|(?<=\s))#(?=#*$)")


def inline(text: str) -> str:
    """``text`` on one line, to stand within a paragraph, heading or cell."""
    return _escape(flat(text))


def paragraph(text: str) -> str:
    """``text`` as a block of its own; its line breaks are kept as hard breaks. "" if there is nothing in it."""
    lines = [flat(line) for line in lines_of(text)]
    escaped = _escape("\n".join(lines)).split("\n") if lines else []
    return "  \n".join(map(_guard_start, lines, escaped))


def cell(text: str) -> str:
    """``text`` to stand in a pipe table, its line breaks as ``<br>``."""
    lines = [flat(line) for line in lines_of(text)]
    return _escape(_CELL_BREAK.join(lines)).replace("|", "\\|").replace(_CELL_BREAK, "<br>")


def heading(text: str, level: int) -> str:
    """An ATX heading; "" if ``text`` is empty."""
    title = _CLOSING_HASHES.sub(r"\\#", inline(text))
    return f"{'#' * min(max(level, 1), 6)} {title}" if title else ""


def comment(text: str) -> str:
    """An HTML comment on one line, which renderers do not show."""
    return f"<!-- {re.sub('-(?=-)', '- ', flat(text))} -->"


def fence(text: str, language: str = "") -> str:
    """A code block, its fence longer than any run of backticks inside."""
    text = clean(text).strip("\n")
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    name = re.sub(r"[^\w+#.-]", "", language)
    return f"{ticks}{name}\n{text}\n{ticks}"


def _guard_start(line: str, escaped: str) -> str:
    """``escaped``, made not to begin a block of another kind, which ``line`` alone would."""
    start = _BLOCK_START.match(line)
    if start is None or escaped.startswith("\\"):
        return escaped
    digits = len(start["number"] or "")
    return f"{escaped[:digits]}\\{escaped[digits:]}"


def _escape(text: str) -> str:
    places = {match.start() for match in _ALWAYS.finditer(text)}
    places.update(_emphasis_places(text))
    for formula in _FORMULA.finditer(text):
        places.update((formula.start(), formula.end() - 1))
    pieces = [f"\\{character}" if place in places else character for place, character in enumerate(text)]
    return "".join(pieces)


def _emphasis_places(text: str) -> set[int]:
    runs = list(_EMPHASIS.finditer(text))
    last_closer = {
        text[run.start()]: run.start() for run in runs if run.start() and not text[run.start() - 1].isspace()
    }
    places: set[int] = set()
    for run in runs:
        if _can_open(text, run) and last_closer.get(text[run.start()], -1) > run.start():
            places.update(range(*run.span()))
    return places


def _can_open(text: str, run: re.Match[str]) -> bool:
    before = text[max(run.start() - 1, 0) : run.start()]
    after = text[run.end() : run.end() + 1]
    inside_word = run.group().startswith("_") and before.isalnum()
    return bool(after) and not after.isspace() and not inside_word
