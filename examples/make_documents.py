"""Make the example documents and their truth: ``python -m examples.make_documents``.

They are committed, so nobody needs to run this. It sets them in Liberation and DejaVu (Debian: fonts-liberation and
fonts-dejavu-core), and gives the same bytes every time with the same versions of Pillow, fpdf2, fontTools and numpy.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from examples.content import article, equations, form, handbook, invoice, letter, minutes, receipt, report
from examples.drawing import Fonts, MissingFont
from examples.example import Example

FOLDER = Path(__file__).parent
FONTS = Path("/usr/share/fonts/truetype")
CONTENT = (article, equations, form, handbook, invoice, letter, minutes, receipt, report)


def make_all(fonts: Fonts) -> Iterator[Example]:
    """Every example, in the order of their names. Raises MissingFont."""
    return (content.make(fonts) for content in CONTENT)


def save(example: Example, folder: Path) -> None:
    """Write the document to ``folder``/documents and its truth to ``folder``/truth."""
    for part in ("documents", "truth"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    (folder / "documents" / example.name).write_bytes(example.data)
    truth = json.dumps(example.truth, ensure_ascii=False, indent=1) + "\n"
    (folder / "truth" / f"{example.name}.json").write_text(truth, encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m examples.make_documents", description="Make the example documents."
    )
    parser.add_argument("--fonts", type=Path, default=FONTS, help="folder with the fonts (default: %(default)s)")
    parser.add_argument("--to", type=Path, default=FOLDER, help="where documents/ and truth/ go (default: %(default)s)")
    options = parser.parse_args()
    try:
        for example in make_all(Fonts(options.fonts)):
            save(example, options.to)
            print(f"{example.name}: {len(example.pages)} pages, {len(example.data) / 1024:.0f} KiB")
    except MissingFont as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
