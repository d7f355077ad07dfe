"""A page of a textbook with displayed, numbered equations."""

from collections.abc import Callable

from examples.drawing import Fonts, Sheet, Type
from examples.example import Example, page, png
from examples.formulas import Box, Setter

HEADING = Type("LiberationSerif-Bold", 15, 24)
SECTION = Type("LiberationSerif-Bold", 12.5, 20)
TEXT = Type("LiberationSerif-Regular", 11.5, 15.5)
HEAD = Type("LiberationSerif-Italic", 10, 12)

LEFT, WIDTH, MIDDLE = 84, 427, 297.5
Formula = Callable[[Setter], Box]


def _decay(s: Setter) -> Box:
    rate = s.over(s.row(s.num("d"), s.var("m")), s.row(s.num("d"), s.var("t")))
    return s.row(
        rate, s.op("="), s.num("−"), s.var("k"), s.num("("), s.var("m"), s.op("−"), _indexed(s, "m", "0"), s.num(")")
    )


def _solution(s: Setter) -> Box:
    small = s.small
    power = s.raised(s.var("e"), small.row(small.num("−"), small.var("kt")))
    bracket = s.row(s.num("("), _indexed(s, "m", "1"), s.op("−"), _indexed(s, "m", "0"), s.num(")"))
    return s.row(
        s.var("m"),
        s.num("("),
        s.var("t"),
        s.num(")"),
        s.op("="),
        _indexed(s, "m", "0"),
        s.op("+"),
        bracket,
        s.gap(0.15),
        power,
    )


def _half(s: Setter) -> Box:
    return s.row(s.var("T"), s.op("="), s.over(s.row(s.num("ln"), s.gap(0.2), s.num("2")), s.var("k")))


def _deviation(s: Setter) -> Box:
    small = s.small
    total = s.big("∑", small.row(small.var("i"), small.num("=1")), small.var("n"))
    square = s.raised(s.num(")"), small.num("2"))
    inside = s.row(
        s.over(s.num("1"), s.var("n")),
        s.gap(0.2),
        total,
        s.gap(0.15),
        s.num("("),
        _indexed(s, "x", "i"),
        s.op("−"),
        s.var("a"),
        square,
    )
    return s.row(s.var("s"), s.op("="), s.root(inside))


def _lost(s: Setter) -> Box:
    small = s.small
    integral = s.big("∫", small.num("0"), small.var("T"))
    value = s.over(s.row(_indexed(s, "m", "1"), s.op("−"), _indexed(s, "m", "0")), s.row(s.num("2"), s.var("k")))
    return s.row(
        s.var("W"),
        s.op("="),
        integral,
        s.gap(0.1),
        s.num("("),
        s.var("m"),
        s.num("("),
        s.var("t"),
        s.num(")"),
        s.op("−"),
        _indexed(s, "m", "0"),
        s.num(")"),
        s.gap(0.2),
        s.num("d"),
        s.var("t"),
        s.op("="),
        value,
    )


def _indexed(s: Setter, name: str, index: str) -> Box:
    small = s.small
    return s.raised(s.var(name), below=small.var(index) if index.isalpha() else small.num(index))


PARTS: tuple[str | tuple[Formula, str], ...] = (
    "A wet sheet gives up its water the faster the more of it there is to give. Let m be the weight of the sheet at "
    "the time t, and let it weigh one fixed amount when dry. The simplest law that says so is",
    (_decay, r"\frac{dm}{dt} = -k(m - m_0)"),
    "where the constant k depends on the air of the room and on nothing else. If the sheet was hung up at the time "
    "zero, when it weighed most, the law has exactly one solution,",
    (_solution, r"m(t) = m_0 + (m_1 - m_0) e^{-kt}"),
    "which falls quickly at first and then ever more slowly. The time in which half of the water is lost is therefore "
    "always the same, however wet the sheet was:",
    (_half, r"T = \frac{\ln 2}{k}"),
)
ERRORS: tuple[str | tuple[Formula, str], ...] = (
    "No balance is perfect, and readings scatter about their average a. How far they scatter is told by the standard "
    "deviation of the n readings,",
    (_deviation, r"s = \sqrt{\frac{1}{n} \sum_{i=1}^{n} (x_i - a)^2}"),
    "and a reading that lies three times as far from the average as this is best taken again. What the sheet carried "
    "beyond its dry weight, summed over the first half-time, is found by integrating the solution:",
    (_lost, r"W = \int_0^T (m(t) - m_0)\,dt = \frac{m_1 - m_0}{2k}"),
    "The reader may check that doubling the draught, and with it the constant, halves this amount.",
)


def make(fonts: Fonts) -> Example:
    sheet = Sheet(fonts, dpi=180)
    sheet.furniture(LEFT, 52, "Chapter 3. How things dry", HEAD, "l")
    sheet.furniture(LEFT + WIDTH, 52, "41", HEAD, "r", "page_number")
    y = sheet.heading(LEFT, 96, "3.2 The law of drying", HEADING, 1)
    y = _parts(sheet, y, PARTS, 7)
    y = sheet.heading(LEFT, y + 12, "Errors of weighing", SECTION, 2)
    _parts(sheet, y, ERRORS, 10)
    return Example("equations.png", png(sheet.image, 16, sheet.dpi), (page(sheet.truth),))


def _parts(sheet: Sheet, y: float, parts: tuple[str | tuple[Formula, str], ...], first: int) -> float:
    number = first
    for part in parts:
        if isinstance(part, str):
            y = sheet.paragraph(LEFT, y, WIDTH, part, TEXT, justify=True)
            continue
        formula, latex = part
        box = formula(Setter(sheet, 13))
        y += box.above + 2
        box.draw(MIDDLE - box.width / 2, y)
        sheet.write(LEFT + WIDTH, y, f"({number})", TEXT, "r")
        sheet.truth.append({"kind": "equation", "latex": latex, "number": f"({number})"})
        y += box.below + 22
        number += 1
    return y
