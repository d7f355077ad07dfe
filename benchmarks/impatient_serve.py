"""What `muniment serve --data DATA --port PORT --engine ENGINE` does, but for its patience with engines.

No option of the command says how long an answer may take, and ten minutes a time-out are too long for a benchmark. On
SIGUSR1 it tells in DATA/tasks how many tasks its event loop has: ``python -m benchmarks.impatient_serve``, with those
options.
"""

import argparse
import asyncio
import signal
from pathlib import Path

from muniment.reading import ReadOptions
from muniment.server.running import serve
from muniment.server.settings import ServeSettings
from muniment.server.store import data_folder

PATIENCE = 5.0
"""Seconds that an answer to a page of a job may take."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path)
    parser.add_argument("--port", type=int)
    parser.add_argument("--engine")
    given = parser.parse_args()
    data = data_folder(given.data)

    def tell_tasks(*_: object) -> None:
        (data / "tasks").write_text(str(len(asyncio.all_tasks())))

    signal.signal(signal.SIGUSR1, tell_tasks)
    options = ReadOptions(engines=(given.engine,), answer_timeout=PATIENCE)
    serve(ServeSettings(options=options, data=data, port=given.port), print)


if __name__ == "__main__":
    main()
