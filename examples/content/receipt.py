"""A long receipt from a till with a thermal printer, 640 pixels wide and 3,000 high."""

from decimal import Decimal

from examples.drawing import Fonts, Sheet, Type, paragraph
from examples.example import Example, encoded, page
from examples.scanning import scanned

NAME = Type("DejaVuSansMono-Bold", 14, 19)
TEXT = Type("DejaVuSansMono", 8.6, 13.9)
BOLD = Type("DejaVuSansMono-Bold", 10.5, 15)

DPI = 203.2
LEFT, RIGHT, MIDDLE = 10.0, 216.8, 113.4
HEAD = ("18 Ropewalk, Port Ellery", "Tel 01632 960 882", "www.tidewater.example")
GOODS = (
    ("Oat flakes 1 kg", 2, "1.89"), ("Rye bread, sliced", 1, "2.35"), ("Salted butter 250 g", 3, "2.10"),
    ("Free-range eggs, 10", 1, "3.45"), ("Whole milk 2 l", 2, "1.78"), ("Mature cheddar 400 g", 1, "4.60"),
    ("Loose carrots 0.86 kg", 1, "1.12"), ("Leeks, bunch", 2, "1.50"), ("Potatoes 2.5 kg", 1, "2.75"),
    ("Red onions, net", 1, "1.29"), ("Garlic, 3 bulbs", 1, "0.99"), ("Bramley apples 1.2 kg", 1, "2.88"),
    ("Conference pears 0.7 kg", 1, "1.96"), ("Lemons, each", 4, "0.40"), ("Fresh parsley", 1, "0.85"),
    ("Smoked mackerel", 2, "3.95"), ("Haddock fillet 0.52 kg", 1, "8.84"), ("Tinned tomatoes", 6, "0.75"),
    ("Chickpeas 400 g", 4, "0.69"), ("Brown rice 1 kg", 1, "2.20"), ("Linguine 500 g", 3, "1.15"),
    ("Olive oil 750 ml", 1, "9.50"), ("Cider vinegar", 1, "1.85"), ("Sea salt, coarse", 1, "1.40"),
    ("Black peppercorns", 1, "2.30"), ("Marmalade, thick cut", 2, "2.65"), ("Loose tea 250 g", 1, "4.25"),
    ("Ground coffee 500 g", 2, "6.90"), ("Ginger biscuits", 2, "1.25"), ("Dark chocolate 85%", 3, "1.99"),
    ("Sparkling water 6 x 1 l", 1, "3.30"), ("Washing powder 2 kg", 1, "7.95"), ("Dish cloths, 5", 1, "1.75"),
    ("Beeswax candles, pair", 1, "5.40"), ("Matches, large box", 1, "0.80"), ("Garden twine 50 m", 1, "2.49"),
)  # fmt: skip
FOOT = ("Thank you for shopping with us", "Goods may be returned within", "28 days with this receipt")


def make(fonts: Fonts) -> Example:
    sheet = Sheet(fonts, (640 * 72 / DPI, 3000 * 72 / DPI), DPI)
    y = _centred(sheet, 34, "TIDEWATER STORES", NAME)
    for line in HEAD:
        y = _centred(sheet, y, line, TEXT)
    y = _pair(sheet, y + 12, "17/08/2024 16:42", "Till 03")
    y = _pair(sheet, y, "Receipt 0048815", "Served by Jory")
    y = _goods(sheet, _line(sheet, y))
    y = _sums(sheet, _line(sheet, y))
    y = _line(sheet, y) + 8
    for line in FOOT:
        y = _centred(sheet, y, line, TEXT)
    _barcode(sheet, y + 6)
    paper = scanned(sheet.image, seed=48815, blur=0.45, noise=2.0, shade=10.0)
    return Example("receipt.jpg", encoded(paper, "JPEG", quality=62, dpi=(203, 203)), (page(sheet.truth),))


def _goods(sheet: Sheet, y: float) -> float:
    for name, count, price in GOODS:
        amount = f"{count * Decimal(price):.2f}"
        y = _pair(sheet, y, name, "" if count > 1 else amount)
        if count > 1:
            y = _pair(sheet, y, f"  {count} x {price}", amount)
    return y


def _sums(sheet: Sheet, y: float) -> float:
    total = sum((count * Decimal(price) for _, count, price in GOODS), Decimal())
    count = sum(count for _, count, _ in GOODS)
    y = _pair(sheet, y, f"{count} items", f"{total:.2f}")
    y = _pair(sheet, y + 4, "TOTAL GBP", f"{total:.2f}", BOLD)
    y = _pair(sheet, y, "Card ending 0417", f"{total:.2f}")
    y = _pair(sheet, y, "Change", "0.00")
    return _pair(sheet, y, "Points earned", str(int(total)))


def _centred(sheet: Sheet, y: float, text: str, style: Type) -> float:
    sheet.write(MIDDLE, y, text, style, "m")
    sheet.truth.append(paragraph(text))
    return y + style.leading


def _pair(sheet: Sheet, y: float, left: str, right: str, style: Type = TEXT) -> float:
    sheet.write(LEFT, y, left, style)
    sheet.write(RIGHT, y, right, style, "r")
    sheet.truth.append(paragraph(f"{left} {right}".strip()))
    return y + style.leading


def _line(sheet: Sheet, y: float) -> float:
    for number in range(34):
        sheet.rule(LEFT + 6.1 * number, y - 4, LEFT + 6.1 * number + 4, y - 4, 0.8)
    return y + 11


def _barcode(sheet: Sheet, y: float) -> None:
    digits = "5 018374 004881"
    x = MIDDLE - 52
    for digit in digits.replace(" ", ""):
        for bit in f"{int(digit) * 7 + 65:08b}":
            if bit == "1":
                sheet.area(x, y, x + 0.8, y + 44, "#1c1c1c")
            x += 1
    _centred(sheet, y + 58, digits, TEXT)
