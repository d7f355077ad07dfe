"""What `muniment ocr --engine unix:SOCKET --text-layer never --format json --json --quiet` does, but for its patience.

No option of the command says how long an answer may take, and ten minutes a time-out are too long for a benchmark:
``python -m benchmarks.impatient SECONDS SOCKET FOLDER DOCUMENT...``.
"""

import sys
from pathlib import Path

from muniment.cli.run import Request, carry_out
from muniment.errors import ExitCode
from muniment.outputs import Format
from muniment.reading import ReadOptions, TextLayerUse


def main() -> ExitCode:
    seconds, socket, folder, *documents = sys.argv[1:]
    options = ReadOptions(engines=(f"unix:{socket}",), text_layer=TextLayerUse.NEVER, answer_timeout=float(seconds))
    request = Request(
        paths=documents, output=Path(folder), formats=(Format.JSON,), options=options, quiet=True, as_json=True
    )
    return carry_out(request)


if __name__ == "__main__":
    sys.exit(main())
