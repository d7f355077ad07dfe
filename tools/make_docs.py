"""Writes the parts of docs/ that are generated: command help, exit codes, flags, engines' sizes, lint's rules,
and the JSON schema.

In a page, what stands between ``<!-- generated: NAME -->`` and ``<!-- end -->`` is replaced. A test fails when a page
is stale: run ``python tools/make_docs.py``.
"""

import ast
import inspect
import json
import re
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

import click

from muniment.cli.commands import cli
from muniment.deploy.sizing import NANONETS_OCR2_3B, size_for
from muniment.errors import EngineError, ExitCode
from muniment.outputs import json_schema
from muniment.seal.lint import RULES
from muniment.text import Flag

DOCS = Path(__file__).parents[1] / "docs"
PAGES = ("cli.md", "deployment.md", "exit-codes.md", "lint.md", "outputs.md")
SCHEMA = "output.schema.json"
WIDTH = 100

Member = TypeVar("Member", bound=Enum)

_PART = re.compile(r"(<!-- generated: (?P<name>[a-z -]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def generated() -> dict[str, str]:
    """File name in docs/ to what it should hold."""
    pages = {name: _filled((DOCS / name).read_text(encoding="utf-8")) for name in PAGES}
    return {**pages, SCHEMA: json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"}


def _filled(page: str) -> str:
    return _PART.sub(lambda part: f"{part[1]}{_part(part['name'])}{part[3]}", page)


def _part(name: str) -> str:
    if name == "exit codes":
        return _table("Code", {str(code.value): text for code, text in _members(ExitCode).items()})
    if name == "sizes":
        return _sizes()
    if name == "lint rules":
        return _lint_rules()
    if name == "flags":
        return _table("Flag", {f"`{flag.value}`": text for flag, text in _members(Flag).items()})
    return f"```text\n$ {' '.join(['muniment', *name.split()[1:], '--help'])}\n{_help(name)}\n```\n"


def _lint_rules() -> str:
    """Every rule of ``muniment lint``, as a passage each."""
    passages = []
    for rule in RULES:
        engines = f"; {rule.on_engines} on engines" if rule.on_engines else ""
        passages.append(f"**`{rule.id}`** ({rule.severity}{engines}): {rule.title}.\n{rule.why}\nFix: {rule.fix}\n")
    return "\n".join(passages)


def _sizes() -> str:
    """What engines take on by default, for GPUs of the usual sizes."""
    lines = ["| GPU | tokens | pages at once |", "|---|---|---|"]
    for gigabytes in (8, 12, 16, 24, 32, 48, 80):
        try:
            size = size_for(NANONETS_OCR2_3B, gigabytes << 30)
        except EngineError:
            lines.append(f"| {gigabytes} GB | the model does not fit | |")
        else:
            lines.append(f"| {gigabytes} GB | {size.context:,} | {size.sequences} |")
    return "\n".join(lines) + "\n"


def _help(name: str) -> str:
    """The help of "muniment", a command, or a command's command, whatever the terminal's width."""
    width: dict[str, Any] = {"terminal_width": WIDTH, "max_content_width": WIDTH}
    context = click.Context(cli, info_name="muniment", **{**cli.context_settings, **width})
    for word in name.split()[1:]:
        assert isinstance(context.command, click.Group)
        command = context.command.get_command(context, word)
        assert command is not None
        context = click.Context(command, info_name=word, parent=context, **width)
    return context.command.get_help(context)


def _members(kind: type[Member]) -> dict[Member, str]:
    """The members of an enumeration and the docstrings beneath them."""
    (definition,) = ast.parse(inspect.getsource(kind)).body
    assert isinstance(definition, ast.ClassDef)
    texts = {}
    for member, text in zip(definition.body, definition.body[1:], strict=False):
        match member, text:
            case ast.Assign(targets=[ast.Name(id=name)]), ast.Expr(value=ast.Constant(value=str(words))):
                texts[kind[name]] = " ".join(words.split())
    return texts


def _table(head: str, rows: dict[str, str]) -> str:
    lines = [f"| {head} | Meaning |", "|---|---|", *(f"| {name} | {text} |" for name, text in rows.items())]
    return "\n".join(lines) + "\n"


def main() -> None:
    for name, text in generated().items():
        path = DOCS / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote docs/{name}")


if __name__ == "__main__":
    main()
