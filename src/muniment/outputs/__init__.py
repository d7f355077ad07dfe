"""Outputs: readings as Markdown, JSON, HTML, text and CSV, page by page, and files that are whole or absent."""

from muniment.outputs.characters import clean as cleaned
from muniment.outputs.files import encoded, make_folder
from muniment.outputs.json import as_json, json_schema, read_json
from muniment.outputs.markdown_blocks import blocks_to_markdown
from muniment.outputs.names import plan_names
from muniment.outputs.results import ResultFiles, result_names
from muniment.outputs.writer import Format, Writer, format_named, render, writer_for

__all__ = [
    "Format",
    "ResultFiles",
    "Writer",
    "as_json",
    "blocks_to_markdown",
    "cleaned",
    "encoded",
    "format_named",
    "json_schema",
    "make_folder",
    "plan_names",
    "read_json",
    "render",
    "result_names",
    "writer_for",
]
