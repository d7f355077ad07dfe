"""Which words at the end of one text are those at the beginning of another."""

from dataclasses import dataclass

from muniment.text.bands_words import Word, Words

_MISSING = 1.5
"""What a letter costs that only one text has. Of an overlap, three in four letters have to be the same: lines of a
table share more than half of theirs with lines beside them."""
_CUT_LINE = 4.0
"""What it costs to leave out the line at the cut, which may be read from half its height."""
_MOST_CUT = 30
"""Words of such a line."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """Words that two texts share.

    Attributes:
        pairs: places of equal words in both, in order.
        score: letters shared, less what is not.
        upper_end: the place after the last word of the upper text that takes part; a line after it was cut.
        lower_start: the place of the first word of the lower text that takes part; a line before it was cut.
    """

    pairs: tuple[tuple[int, int], ...]
    score: float
    upper_end: int
    lower_start: int


def overlap(upper: Words, lower: Words) -> Overlap | None:
    """The best overlap of the end of ``upper`` with the beginning of ``lower``; None without a word in common."""
    starts = {0: 0.0} | {place: -_CUT_LINE for place in [_second_line(lower)] if place}
    ends = {len(upper): 0.0} | {place: -_CUT_LINE for place in [_last_line(upper)] if place}
    table = _scores(upper, lower, starts)
    score, upper_end, end = max(
        (table[row][column] + cost, row, column) for row, cost in ends.items() for column in range(len(lower) + 1)
    )
    pairs, lower_start = _trace(upper, lower, table, starts, (upper_end, end))
    return Overlap(tuple(pairs), score, upper_end, lower_start) if pairs else None


def _second_line(words: Words) -> int:
    """Where the second line begins; 0 if it cannot be told."""
    places = range(1, min(len(words), _MOST_CUT + 1))
    return next((place for place in places if words.begins_line(place)), 0)


def _last_line(words: Words) -> int:
    """Where the last line begins; 0 if it cannot be told."""
    places = range(len(words) - 1, max(len(words) - _MOST_CUT - 1, 0), -1)
    return next((place for place in places if words.begins_line(place)), 0)


def _scores(upper: Words, lower: Words, starts: dict[int, float]) -> list[list[float]]:
    """For each two places the best score of an alignment that ends there. It may begin anywhere in ``upper``."""
    gaps = [_gap(word, lower) for word in lower.words]
    first = [starts.get(0, 0.0)]
    for place, gap in enumerate(gaps, 1):
        first.append(max(first[-1] - gap, starts.get(place, -1e9)))
    table = [first]
    for word in upper.words:
        before, row = table[-1], [0.0]
        down = _gap(word, upper)
        for column, other in enumerate(lower.words, 1):
            score = max(before[column] - down, row[-1] - gaps[column - 1])
            if word.text == other.text:
                score = max(score, before[column - 1] + word.weight)
            row.append(max(score, starts.get(column, -1e9)))
        table.append(row)
    return table


def _gap(word: Word, words: Words) -> float:
    """What it costs if only one text has ``word``. Rows of a ledger are alike but for their numbers, so a line is worth
    nothing if one of its numbers is not in the other text's."""
    if word.is_number:
        return word.weight + words.line_weights[word.line] / 2
    return word.weight * _MISSING


def _trace(
    upper: Words, lower: Words, table: list[list[float]], starts: dict[int, float], end: tuple[int, int]
) -> tuple[list[tuple[int, int]], int]:
    """The pairs of equal words that lead to ``end``, and where in ``lower`` they start from."""
    pairs: list[tuple[int, int]] = []
    row, column = end
    while column and table[row][column] != starts.get(column):
        word, other = (upper.words[row - 1] if row else None), lower.words[column - 1]
        score = table[row][column]
        if word and word.text == other.text and score == table[row - 1][column - 1] + word.weight:
            row, column = row - 1, column - 1
            pairs.append((row, column))
        elif word and score == table[row - 1][column] - _gap(word, upper):
            row -= 1
        else:
            column -= 1
    return pairs[::-1], column
