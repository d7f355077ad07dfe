"""Outputs: readings as Markdown, JSON, HTML, text and CSV, page by page, and files that are whole or absent."""

from muniment.outputs.json import json_schema, read_json
from muniment.outputs.markdown_blocks import blocks_to_markdown
from muniment.outputs.writer import Format, Writer, render, writer_for

__all__ = ["Format", "Writer", "blocks_to_markdown", "json_schema", "read_json", "render", "writer_for"]
