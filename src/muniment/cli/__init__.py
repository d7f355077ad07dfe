"""The command line: one module a command; parses, shows and writes, and leaves the work to the rooms below."""

from muniment.cli.ending import main

__all__ = ["main"]
