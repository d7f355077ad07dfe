"""A PDF's own text comes as pieces of lines, and with a reason where it should not be used."""

import io
from collections.abc import Sequence

import pytest
from fpdf import FPDF
from PIL import Image

from muniment.documents import TextLayer, TextLine, open_document
from muniment.documents.pdfsurvey import Picture, Survey
from tests.builders import page_picture, pdf_bytes, raw_pdf, scanned_pdf, text_pdf

PROSE = (
    "The strongroom is kept at a steady temperature, and nobody is let in alone. "
    "Efficient officers file the affidavits in the order in which they came. "
)


def layer_of(data: bytes) -> TextLayer:
    layer = open_document(io.BytesIO(data), "deed.pdf").page(1).text_layer()
    assert layer is not None
    return layer


def texts(layer: TextLayer) -> Sequence[str]:
    return [line.text for line in layer.lines]


def shown(content: bytes, *, page: bytes = b"") -> TextLayer:
    return layer_of(raw_pdf(b"BT /F1 12 Tf " + content + b" ET", page=page))


def only(layer: TextLayer) -> TextLine:
    assert len(layer.lines) == 1
    return layer.lines[0]


def test_a_line_has_its_text_place_and_size() -> None:
    line = only(shown(b"60 700 Td (A muniment room) Tj"))
    assert line.text == "A muniment room"
    assert line.size == pytest.approx(12)
    assert not line.bold
    assert line.x0 == pytest.approx(60 / 600, abs=0.002)
    assert line.x1 == pytest.approx((60 + 92) / 600, abs=0.01)
    assert line.y0 < 1 - 708 / 800 < 1 - 700 / 800 < line.y1
    assert line.y1 - line.y0 < 1.5 * 12 / 800


def test_lines_and_columns_are_pieces_of_their_own() -> None:
    def draw(pdf: FPDF) -> None:
        pdf.add_page()
        for x in (60, 310):
            pdf.set_xy(x, 100)
            pdf.multi_cell(230, 14, PROSE, align="J")

    found = texts(layer_of(pdf_bytes(draw)))
    half = len(found) // 2
    assert found[:half] == found[half:]
    assert " ".join(found[:half]) == PROSE.strip()


def test_cells_of_a_row_are_pieces_even_if_one_operator_draws_them() -> None:
    assert texts(shown(b"60 700 Td [(Widget) -4000 (12) -3000 (3.50)] TJ")) == ["Widget", "12", "3.50"]


def test_spaces_are_restored_from_gaps() -> None:
    assert only(shown(b"60 700 Td [(no) -300 (spaces) -280 (here)] TJ")).text == "no spaces here"


def test_kerning_makes_no_spaces() -> None:
    assert only(shown(b"60 700 Td [(A) 80 (V) 70 (A) -60 (TAR)] TJ")).text == "AVATAR"


def test_letters_set_apart_stay_words() -> None:
    assert only(shown(b"5 Tc 60 700 Td (LETTER SPACED) Tj")).text == "LETTER SPACED"
    assert only(shown(b"4 Tc 60 700 Td [(MUNIMENT) -300 (ROOM)] TJ")).text == "MUNIMENT ROOM"


def test_a_word_drawn_later_joins_its_line() -> None:
    content = b"60 700 Td (first ) Tj 60 0 Td (third) Tj -31 0 Td (third) Tj 0 -40 Td (below) Tj"
    found = texts(shown(content))
    assert found[-1] == "below"
    assert all(text.startswith(("first", "third", "below")) for text in found)


def test_superscripts_stay_in_their_line() -> None:
    line = only(shown(b"60 700 Td (E = mc) Tj /F1 7 Tf 5 Ts (2) Tj"))
    assert line.text == "E = mc2"
    assert line.size == pytest.approx(12)


def test_bold_is_known_by_the_name_of_the_face() -> None:
    def draw(pdf: FPDF) -> None:
        pdf.add_page()
        pdf.set_font("Helvetica", "B", 18)
        pdf.text(72, 72, "Heading")
        pdf.set_font("Helvetica", "", 10)
        pdf.text(72, 100, "Body")

    heading, body = layer_of(pdf_bytes(draw)).lines
    assert (heading.bold, body.bold) == (True, False)
    assert (heading.size, body.size) == pytest.approx((18, 10))


def test_the_size_is_the_one_that_is_seen() -> None:
    assert only(shown(b"2 0 0 2 60 700 Tm (twice) Tj")).size == pytest.approx(24)


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_pages_that_are_turned_give_places_as_shown(rotate: int) -> None:
    turns = {0: b"1 0 0 1 60 700", 90: b"0 1 -1 0 100 60", 180: b"-1 0 0 -1 540 100", 270: b"0 -1 1 0 500 740"}
    layer = shown(turns[rotate] + b" Tm (Upright as shown to the reader) Tj", page=b"/Rotate %d" % rotate)
    line = only(layer)
    width, height = (600, 800) if rotate % 180 == 0 else (800, 600)
    assert line.text == "Upright as shown to the reader"
    assert (line.x0 * width, line.y1 * height) == pytest.approx((60, 103), abs=3)
    assert layer.distrust == ""


def test_a_stamp_along_the_margin_is_read_upwards_as_one_piece() -> None:
    layer = shown(b"60 700 Td (" + b"Plenty of upright text " * 3 + b") Tj 0 1 -1 0 30 200 Tm (arXiv stamp) Tj")
    stamp = layer.lines[-1]
    assert stamp.text == "arXiv stamp"
    assert (stamp.y1 - stamp.y0) * 800 > 3 * (stamp.x1 - stamp.x0) * 600
    assert layer.distrust == ""


def test_slanting_text_is_one_piece() -> None:
    assert "DRAFT COPY" in texts(shown(b"60 700 Td (Body) Tj .7 .7 -.7 .7 200 200 Tm (DRAFT COPY) Tj"))


def test_what_lies_outside_the_page_is_dropped() -> None:
    assert texts(shown(b"60 700 Td (inside) Tj 0 -1700 Td (outside) Tj")) == ["inside"]


@pytest.mark.parametrize(
    ("glyphs", "text"),
    [
        (b"/fi/l/e/space/o/f/space/fl/o/w", "file of flow"),
        (b"/fi/l/e/nbspace/endash/softhyphen", "file –-"),
        (b"/c/a/f/eacute", "café"),
    ],
)
def test_ligatures_spaces_and_hyphens_are_plain(glyphs: bytes, text: str) -> None:
    count = glyphs.count(b"/")
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Times-Roman/Encoding<</Differences[65%s]>>>>" % glyphs
    letters = bytes(range(65, 65 + count))
    data = raw_pdf(b"BT /F2 12 Tf 60 700 Td (%s) Tj ET" % letters, page=b"", objects=[font])
    data = data.replace(b"/Font<</F1 5 0 R>>", b"/Font<</F2 6 0 R>>")
    assert only(layer_of(data)).text == text


def test_hebrew_is_one_piece_in_the_order_it_is_read() -> None:
    unicode_map = b"".join(b"<%02x><%04x>" % (65 + index, 0x5D0 + index) for index in range(4))
    table = b"1 begincodespacerange<00><ff>endcodespacerange 4 beginbfchar%s endbfchar" % unicode_map
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 7 0 R>>"
    stream = b"<</Length %d>>stream\n%s\nendstream" % (len(table), table)
    data = raw_pdf(b"BT /F2 12 Tf 60 700 Td (DCBA) Tj ET", objects=[font, stream])
    line = only(layer_of(data.replace(b"/F1 5 0 R", b"/F2 6 0 R")))
    assert sorted(line.text) == ["א", "ב", "ג", "ד"]


def test_sane_text_is_trusted() -> None:
    assert layer_of(text_pdf("\n".join([PROSE] * 10))).distrust == ""
    assert layer_of(text_pdf("1,204.50\n33.10\n7 7 7 7 7")).distrust == ""
    assert layer_of(text_pdf("Short")).distrust == ""


def mapped_to(first: int) -> bytes:
    """A page of prose whose letters the font maps to code points from ``first`` ("A") on."""
    table = b"1 begincodespacerange<00><ff>endcodespacerange 1 beginbfrange<41><7a><%04x>endbfrange" % first
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 7 0 R>>"
    stream = b"<</Length %d>>stream\n%s\nendstream" % (len(table), table)
    data = raw_pdf(b"BT /F2 9 Tf 20 700 Td (%s) Tj ET" % PROSE[:130].encode(), objects=[font, stream])
    return data.replace(b"/F1 5 0 R", b"/F2 6 0 R")


def test_private_characters_are_distrusted() -> None:
    assert layer_of(mapped_to(0xE000)).distrust == "98% of its characters have no meaning"


def test_shifted_letters_are_distrusted() -> None:
    assert layer_of(mapped_to(ord("A"))).distrust == ""
    assert layer_of(mapped_to(ord("A") - 29)).distrust == "its letters make no words"
    assert layer_of(mapped_to(ord("A") + 3)).distrust == "its letters make no words"


def test_text_in_a_wrong_encoding_is_distrusted() -> None:
    garbled = "Für größere Übersichten öffnen wir sämtliche Räume".encode().decode("latin-1")
    assert layer_of(text_pdf(garbled)).distrust == "it was written with a wrong character encoding"


def test_an_invisible_layer_over_a_scan_is_distrusted() -> None:
    layer = over_a_picture(b"BT /F1 9 Tf 3 Tr 50 600 Td (%s) Tj ET" % PROSE.encode() * 3)
    assert layer.distrust == "it was laid invisibly over a scan by an earlier program"


def test_text_hidden_below_a_scan_is_distrusted() -> None:
    layer = over_a_picture(b"", below=b"BT /F1 9 Tf 50 600 Td (%s) Tj ET" % PROSE.encode())
    assert layer.distrust == "it was laid invisibly over a scan by an earlier program"


def test_a_running_head_on_a_scan_is_distrusted() -> None:
    layer = over_a_picture(b"BT /F1 9 Tf 50 780 Td (Case 12-345 Page 3 of 9) Tj ET")
    assert layer.distrust == "the page is a picture with hardly any text of its own"


def test_a_slide_with_a_picture_behind_its_text_is_trusted() -> None:
    lines = b"".join(b"1 0 0 1 50 %d Tm (%s) Tj " % (600 - 14 * row, PROSE.encode()) for row in range(4))
    assert over_a_picture(b"BT /F1 6 Tf " + lines + b"ET").distrust == ""


def test_a_page_of_outlines_with_hardly_any_text_is_distrusted() -> None:
    outlines = b"".join(b"%d %d 5 5 re f " % (50 + 10 * (index % 40), 600 - 10 * (index // 40)) for index in range(400))
    layer = layer_of(raw_pdf(outlines + b"BT /F1 9 Tf 50 780 Td (Page 3) Tj ET"))
    assert layer.distrust == "most of what the page shows is drawn and hardly any is text"


def over_a_picture(content: bytes, *, below: bytes = b"") -> TextLayer:
    picture = b"<</Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray/Length 1>>"
    picture += b"stream\n\x80\nendstream"
    content = below + b" q 600 0 0 800 0 0 cm /Im0 Do Q " + content
    return layer_of(raw_pdf(content, resources=b"/XObject<</Im0 6 0 R>>", objects=[picture]))


def test_letters_piled_on_one_spot_are_distrusted() -> None:
    letters = [letter for letter in range(65, 123) if chr(letter).isalpha()]
    piled = b"".join(b"1 0 0 1 %d 700 Tm (%c) Tj " % (60 + 20 * (letter % 3), letter) for letter in letters)
    assert shown(piled).distrust == "its characters are piled on each other"


def test_sideways_text_is_distrusted() -> None:
    layer = shown(b"0 1 -1 0 100 60 Tm (%s) Tj" % PROSE.encode())
    assert layer.distrust == "it runs sideways or upside down"


def test_a_scan_has_no_text() -> None:
    assert (
        open_document(io.BytesIO(scanned_pdf(page_picture(), Image.new("1", (9, 9)))), "x").page(2).text_layer() is None
    )


def test_letters_that_one_glyph_stands_for_stay_in_their_word() -> None:
    says = b"1 begincodespacerange <00> <FF> endcodespacerange 1 beginbfchar <51> <006600660069> endbfchar"
    unicode = b"/CIDInit /ProcSet findresource begin begincmap " + says + b" endcmap end"
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding/ToUnicode 7 0 R>>"
    stream = b"<</Length %d>>stream\n%s\nendstream" % (len(unicode), unicode)
    content = b"BT /F2 12 Tf 60 700 Td (eQcient) Tj ET"
    layer = layer_of(raw_pdf(content, resources=b"/Font<</F2 6 0 R>>", objects=[font, stream]))
    assert texts(layer) == ["efficient"]


def test_accents_that_stand_before_their_letters_go_onto_them() -> None:
    assert only(shown("60 700 Td (Universit\u00a8at, caf\u00b4e) Tj".encode("latin-1"))).text == "Universität, café"


def test_stamps_along_the_edges_of_a_scan_are_not_its_text() -> None:
    def draw(pdf: FPDF) -> None:
        pdf.add_page()
        pdf.image(page_picture(1240, 1754), 0, 0, 595, 842)
        pdf.text(60, 30, "Case 4:20-cv-01234 Document 17 Filed on 21 October 2024 in the County Court")
        pdf.text(60, 820, "CONFIDENTIAL: subject to the protective order of the court. Produced by the defendant.")

    assert "hardly any text" in layer_of(pdf_bytes(draw)).distrust


def test_a_scan_stored_in_many_strips_has_a_resolution() -> None:
    strips = tuple(Picture(width=1240, height=44, share=0.025, dpi=150.0) for _ in range(40))
    assert Survey(pictures=strips, drawn=False, paths=0, text_below=False).scan_dpi == 150
