"""Text, reading order and tables on pages of OmniDocBench's demo set, page by page.

- blocks: read paragraphs are matched with the true ones, splits and mergers allowed; then all edits over all
  characters, letters and digits only. Close to OmniDocBench's own; furniture, figures, formulas and tables stay out.
- page: the whole text in order, with its spaces and punctuation, as one string.
- order: how far the matched blocks come in the true order.
- TEDS and TEDS-S: tables with their text, and their structure alone; a table not found as one counts 0.
"""

import argparse
import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import muniment
from benchmarks import common, scoring
from muniment.documents import Source
from muniment.reading import DocumentOpened, PageDone, Run

TEXT_CATEGORIES = frozenset(
    {
        "code_txt",
        "figure_caption",
        "figure_footnote",
        "reference",
        "table_caption",
        "table_footnote",
        "text_block",
        "title",
    }
)
"""Categories of the truth that are compared as text; "table" is compared as a table; others are left out."""

INKS = {"heading": "#b2182b", "paragraph": "#2166ac", "list": "#1b7837", "table": "#762a83", "figure": "#e08214"}

TruePage = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """Scores of one page; None where there is nothing to score."""

    page: str
    blocks: float
    text: float
    order: float
    teds: float | None
    teds_structure: float | None
    seconds: float


SCORES = ("blocks", "text", "order", "teds", "teds_structure", "seconds")


def true_box(block: TruePage, page: muniment.PageReading) -> muniment.Box:
    """Where a true block is. The page's size is the picture's: some sizes in the truth are the wrong way round."""
    poly = block["poly"]
    across, down = [x / page.width for x in poly[::2]], [y / page.height for y in poly[1::2]]
    return muniment.Box(min(across), min(down), max(across), max(down))


def covered(box: muniment.Box, by: muniment.Box) -> float:
    """Share of ``box`` that lies in ``by``."""
    width = min(box.x1, by.x1) - max(box.x0, by.x0)
    height = min(box.y1, by.y1) - max(box.y0, by.y0)
    return max(0.0, width) * max(0.0, height) / max(1e-9, box.width * box.height)


def true_blocks(page: TruePage) -> list[TruePage]:
    """The blocks in reading order."""
    return sorted(page["layout_dets"], key=lambda block: block.get("order") or 0)


def true_texts(page: TruePage) -> list[str]:
    blocks = (b for b in true_blocks(page) if b["category_type"] in TEXT_CATEGORIES and not b.get("ignore"))
    return [scoring.plain(str(block.get("text", ""))) for block in blocks]


def read_texts(truth: TruePage, page: muniment.PageReading) -> list[str]:
    """What was read as text, less what lies in regions that are not compared as text."""
    regions = [true_box(b, page) for b in truth["layout_dets"] if b["category_type"] not in TEXT_CATEGORIES]
    texts = []
    for block in page.blocks:
        outside = block.box is None or all(covered(block.box, region) < 0.5 for region in regions)
        if outside and not block.furniture:
            texts += texts_of(block)
    return texts


def texts_of(block: muniment.Block) -> list[str]:
    match block:
        case muniment.ListBlock():
            return [f"{item.marker} {item.text}" for item in block.items]
        case muniment.Table():
            return [block.caption] * bool(block.caption) + [cell.text for cell in block.cells]
        case muniment.Figure():
            return [block.caption] * bool(block.caption)
        case muniment.Equation():
            return []
    return [block.text]


def tree(table: muniment.Table) -> scoring.Node:
    rows = [scoring.Node("tr") for _ in range(table.rows)]
    for cell in table.cells:
        spans = (cell.row_span, cell.column_span)
        rows[cell.row].children.append(scoring.Node("td", text=cell.text, spans=spans))
    return scoring.Node("table", rows)


def table_scores(truth: TruePage, page: muniment.PageReading) -> list[tuple[float, float]]:
    """TEDS and TEDS-S of every true table, against the read table that covers most of it."""
    read = [block for block in page.blocks if isinstance(block, muniment.Table) and block.box]
    scores = []
    for block in truth["layout_dets"]:
        if block["category_type"] != "table" or not block.get("html"):
            continue
        region = true_box(block, page)
        overlaps = [(covered(region, table.box), table) for table in read if table.box]
        share, best = max(overlaps, key=lambda pair: pair[0], default=(0.0, None))
        if best is None or share < 0.1:
            scores.append((0.0, 0.0))
            continue
        wanted, found = scoring.table_tree(block["html"]), tree(best)
        scores.append((scoring.teds(wanted, found), scoring.teds(wanted, found, structure_only=True)))
    return scores


def score(truth: TruePage, page: muniment.PageReading) -> Row:
    wanted, found = true_texts(truth), read_texts(truth, page)
    true, read = [scoring.letters(text) for text in wanted], [scoring.letters(text) for text in found]
    true, read = [text for text in true if text], [text for text in read if text]
    pairs = scoring.match(true, read)
    tables = table_scores(truth, page)
    return Row(
        page=truth["page_info"]["image_path"],
        blocks=scoring.text_similarity(true, read, pairs),
        text=scoring.similarity(scoring.flat(" ".join(wanted)), scoring.flat(" ".join(found))),
        order=scoring.order_similarity(pairs),
        teds=statistics.mean(full for full, _ in tables) if tables else None,
        teds_structure=statistics.mean(structure for _, structure in tables) if tables else None,
        seconds=page.seconds,
    )


def read_all(files: Sequence[Path], jobs: int) -> dict[str, muniment.DocumentReading]:
    """Every file as read, by name."""
    readings: dict[str, muniment.DocumentReading] = {}
    info = None
    for event in Run([Source(path, path.name) for path in files], muniment.ReadOptions(jobs=jobs)):
        if isinstance(event, DocumentOpened):
            info = event.info
        elif isinstance(event, PageDone) and info is not None:
            readings[info.name] = muniment.DocumentReading(info, (event.page,))
            print(f"{info.name}: {event.page.status} in {event.page.seconds:.2f} s", flush=True)
    return readings


def draw(image: Path, reading: muniment.DocumentReading, folder: Path) -> None:
    """The page with its blocks and their order drawn on it, and its Markdown beside."""
    from PIL import Image, ImageDraw, ImageFont

    folder.mkdir(parents=True, exist_ok=True)
    picture = Image.open(image).convert("RGB")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(max(14, picture.height // 90))
    for number, block in enumerate(reading.pages[0].blocks, 1):
        if block.box is None:
            continue
        box = block.box
        corners = (box.x0 * picture.width, box.y0 * picture.height, box.x1 * picture.width, box.y1 * picture.height)
        ink = "#999999" if block.furniture else INKS.get(block.kind, "#d95f02")
        pen.rectangle(corners, outline=ink, width=max(2, picture.height // 800))
        pen.text(corners[:2], f"{number} {block.kind}", fill="white", font=font, stroke_width=3, stroke_fill=ink)
    picture.save(folder / f"{image.stem}.png")
    (folder / f"{image.stem}.md").write_text(
        muniment.render(format=muniment.Format.MD, document=reading), encoding="utf-8"
    )


def tables(result: common.Result) -> str:
    """Every page and the means, as Markdown."""
    rows = [Row(**row) for row in result["rows"]]
    columns = [[getattr(row, name) for row in rows] for name in SCORES]
    means = [statistics.mean(known) if (known := [v for v in column if v is not None]) else None for column in columns]
    lines = [(row.page, *(getattr(row, name) for name in SCORES)) for row in rows]
    heads = ("page", "blocks", "page text", "order", "TEDS", "TEDS-S", "s")
    return common.table(heads, [*lines, ("mean", *means)])


def options() -> argparse.Namespace:
    parser = common.parser(__doc__)
    common.add_data_option(parser)
    parser.add_argument(
        "--languages", choices=("english", "all"), default="english", help="which pages (default: english)"
    )
    parser.add_argument(
        "--show", type=int, default=0, metavar="N", help="draw the N worst pages into benchmarks/results/"
    )
    parser.add_argument("--jobs", type=int, default=2, help="worker processes (default: %(default)s)")
    return parser.parse_args()


def main() -> None:
    given = options()
    folder = common.data_folder(given.data, "omnidocbench-demo")
    pages: list[TruePage] = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    if given.languages == "english":
        pages = [page for page in pages if page["page_info"]["page_attribute"]["language"] == "english"]
    truths = {page["page_info"]["image_path"]: page for page in pages}
    files = [folder / "images" / name for name in sorted(truths)]
    readings = read_all(files, given.jobs)
    rows = [score(truths[path.name], readings[path.name].pages[0]) for path in files]
    for row in sorted(rows, key=lambda row: row.blocks + row.text)[: given.show]:
        draw(folder / "images" / row.page, readings[row.page], common.RESULTS / "omnidocbench")
    name = "omnidocbench" if given.languages == "english" else "omnidocbench-all"
    result: common.Result = {"settings": {"languages": given.languages}, "rows": [asdict(row) for row in rows]}
    print(f"\n{tables(result)}\n\nKept in {common.save(name, result)}")


if __name__ == "__main__":
    main()
