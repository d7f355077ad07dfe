"""An invoice with a table, as a program prints it."""

from decimal import Decimal

from examples.drawing import Fonts, Sheet, Type, heading, paragraph, table
from examples.example import Example, page, png

TITLE = Type("LiberationSans-Bold", 24, 30, "#1f4e5f")
BRAND = Type("LiberationSans-Bold", 15, 18, "#1f4e5f")
TEXT = Type("LiberationSans-Regular", 9.5, 13)
BOLD = Type("LiberationSans-Bold", 9.5, 13)
LABEL = Type("LiberationSans-Bold", 8.5, 13, "#5b6770")
COLUMN = Type("LiberationSans-Bold", 9.5, 13, "#ffffff")
SMALL = Type("LiberationSans-Regular", 8, 11, "#5b6770")

LEFT, RIGHT = 56, 539
EDGES = (56, 104, 312, 362, 448, 539)
HEADER = ("Code", "Description", "Qty", "Unit price", "Amount")
ITEMS = (
    ("A-104", "Archive box, acid-free, 380 mm", 24, "6.85"),
    ("A-211", "Map folder, A1, cotton tape", 10, "11.40"),
    ("B-030", "Blotting paper, white, 50 sheets", 6, "14.25"),
    ("C-518", "Shelf labels, linen, roll of 500", 2, "27.90"),
    ("D-002", "Hygrometer, dial, brass case", 3, "48.00"),
    ("D-017", "Data logger, temperature and humidity", 2, "119.50"),
    ("S-900", "Delivery to the reading room, two persons", 1, "75.00"),
)
BILL_TO = ("Accounts Office", "Penmoor County Record House", "3 Tollgate Street", "Penmoor PM4 2QT")
DETAILS = (
    ("Invoice number", "LS-2024-0731"),
    ("Invoice date", "14 May 2024"),
    ("Due date", "13 June 2024"),
    ("Your order", "PCR/5582"),
)
TERMS = (
    "Please pay within 30 days and quote the invoice number. Goods remain our property until paid in full. "
    "Claims for damage in transit must reach us within seven days of delivery."
)


def make(fonts: Fonts) -> Example:
    sheet = Sheet(fonts)
    _letterhead(sheet)
    _addresses(sheet)
    below = _items(sheet, 292)
    below = _totals(sheet, below + 22)
    _payment(sheet, below + 40)
    foot = "Larkspur Archive Supplies Ltd · Registered in Wexmouth No. 00417733 · VAT GB 000 4417 21"
    sheet.rule(LEFT, 786, RIGHT, 786, 0.5, "#9aa5ab")
    sheet.furniture((LEFT + RIGHT) / 2, 800, foot, SMALL, "m")
    return Example("invoice.png", png(sheet.image, 32, sheet.dpi), (page(sheet.truth),))


def _letterhead(sheet: Sheet) -> None:
    sheet.area(LEFT, 48, LEFT + 30, 78, "#1f4e5f")
    sheet.curve([(LEFT + 6, 72), (LEFT + 15, 54), (LEFT + 24, 72)], 2.2, "#ffffff")
    sheet.write(LEFT + 40, 62, "Larkspur Archive Supplies", BRAND)
    sheet.write(LEFT + 40, 76, "14 Quayside Row, Wexmouth WX1 7LN", SMALL)
    sheet.write(RIGHT, 62, "orders@larkspur.example", SMALL, "r")
    sheet.write(RIGHT, 74, "01632 960 417", SMALL, "r")
    sheet.truth += [
        paragraph("Larkspur Archive Supplies"),
        paragraph("14 Quayside Row, Wexmouth WX1 7LN"),
        paragraph("orders@larkspur.example"),
        paragraph("01632 960 417"),
    ]


def _addresses(sheet: Sheet) -> None:
    sheet.heading(LEFT, 138, "Invoice", TITLE, 1)
    sheet.write(LEFT, 172, "Bill to", LABEL)
    for number, line in enumerate(BILL_TO):
        sheet.write(LEFT, 188 + 14 * number, line, TEXT)
    sheet.truth.append(paragraph("Bill to " + " ".join(BILL_TO)))
    for number, (label, value) in enumerate(DETAILS):
        sheet.write(352, 172 + 17 * number, label, LABEL)
        sheet.write(RIGHT, 172 + 17 * number, value, BOLD, "r")
        sheet.truth.append(paragraph(f"{label} {value}"))


def _items(sheet: Sheet, y: float) -> float:
    rows = [
        HEADER,
        *((code, what, str(count), price, _money(count * Decimal(price))) for code, what, count, price in ITEMS),
    ]
    sheet.area(LEFT, y - 15, RIGHT, y + 7, "#1f4e5f")
    for number, row in enumerate(rows):
        for column, text in enumerate(row):
            style = TEXT if number else COLUMN
            if column < 2:
                sheet.write(EDGES[column] + 6, y, text, style)
            else:
                sheet.write(EDGES[column + 1] - 6, y, text, style, "r")
        sheet.rule(LEFT, y + 7, RIGHT, y + 7, 0.5, "#9aa5ab")
        y += 22
    for edge in EDGES:
        sheet.rule(edge, y - 22 * len(rows) - 15, edge, y - 15, 0.5, "#9aa5ab")
    sheet.truth.append(table(rows))
    return y


def _totals(sheet: Sheet, y: float) -> float:
    net = sum((count * Decimal(price) for _, _, count, price in ITEMS), Decimal())
    tax = (net * Decimal("0.20")).quantize(Decimal("0.01"))
    for label, amount, style in (("Subtotal", net, TEXT), ("VAT at 20%", tax, TEXT), ("Total due", net + tax, BOLD)):
        if style is BOLD:
            sheet.rule(352, y - 15, RIGHT, y - 15, 1.0)
        sheet.write(358, y, label, style)
        sheet.write(RIGHT - 6, y, f"£{_money(amount)}" if style is BOLD else _money(amount), style, "r")
        sheet.truth.append(paragraph(f"{label} {'£' if style is BOLD else ''}{_money(amount)}"))
        y += 21
    return y


def _payment(sheet: Sheet, y: float) -> None:
    style = Type(BOLD.face, 11, 17, "#1f4e5f")
    sheet.write(LEFT, y, "Payment", style)
    sheet.truth.append(heading("Payment", 2))
    y = sheet.paragraph(LEFT, y + 18, 400, TERMS, TEXT)
    sheet.paragraph(LEFT, y + 8, 400, "Bank: Wexmouth Mutual, sort code 00-14-77, account 10442093", TEXT)


def _money(amount: Decimal) -> str:
    return f"{amount:,.2f}"
