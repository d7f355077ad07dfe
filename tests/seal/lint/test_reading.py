"""Compose files as bytes of anybody: how they are read, put together, and refused."""

import shlex
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from muniment.errors import UsageError
from muniment.seal.lint import Report, lint
from muniment.seal.lint.files import variables_in
from muniment.seal.lint.interpolation import interpolated
from muniment.seal.lint.services import words
from muniment.seal.lint.tree import Items, Scalar, Table, parse

Written = Callable[..., Report]


@pytest.fixture
def linted(tmp_path: Path) -> Written:
    """Writes files, one a name, and looks at those whose names end with "yaml"."""

    def look(**files: str) -> Report:
        paths = []
        for name, text in files.items():
            path = tmp_path / name.replace("_", ".")
            path.write_text(text, encoding="utf-8")
            paths += [path] if path.suffix == ".yaml" else []
        return lint(paths)

    return look


def placed(report: Report, rule: str) -> list[tuple[str, int]]:
    return [(Path(one.place.file).name, one.place.line) for one in report.findings if one.rule.id == rule]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "has no services"),
        (b"a: b: c", "line 1: this is not YAML"),
        (b"services:\n  a: *b\n", 'line 2: nothing before it is called "&b"'),
        (b"services: &a\n  a: *a\n", 'line 2: nothing before it is called "&a"'),
        (b"services:\n\xff", "line 2: this is not UTF-8"),
        (b"services: \x00", "holds characters that YAML does not allow"),
        (b"- services", "holds no table of services"),
        (b"services: [a]", '"services" is no table'),
        (b"web:\n  image: nginx\n", "has no services"),
        (b"a: " + b"[" * 70, "line 1: this nests too deeply"),
        (b" " * ((1 << 20) + 1), "has more than 1 MiB"),
    ],
)
def test_what_is_no_compose_file_is_refused_with_its_line(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "compose.yaml"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"compose\.yaml") as error:
        lint([path])
    assert told in str(error.value)


def test_a_file_that_grows_without_bounds_is_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x]", *(f"a{level}: &a{level} [*a{level - 1}, *a{level - 1}]" for level in range(1, 40))]
    path = tmp_path / "compose.yaml"
    path.write_text("\n".join(lines))
    with pytest.raises(UsageError, match="grows beyond"):
        lint([path])


@pytest.mark.parametrize("long", ["x" * 20_000, "${A:-x}" * 3_000], ids=["text", "variables"])
def test_a_text_that_is_shown_again_and_again_counts_each_time(tmp_path: Path, long: str) -> None:
    shown = "".join(f"  s{number}: {{command: *long}}\n" for number in range(900))
    path = tmp_path / "compose.yaml"
    path.write_text(f"x: &long '{long}'\nservices:\n{shown}")
    with pytest.raises(UsageError, match="grows beyond"):
        lint([path])


def test_variables_that_put_in_more_than_anybody_writes_are_refused(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"A={'x' * 500_000}\n")
    path = tmp_path / "compose.yaml"
    path.write_text(f"services:\n  a:\n    command: '{'$A' * 100_000}'\n")
    with pytest.raises(UsageError, match="grows beyond all bounds"):
        lint([path])


def test_what_an_alias_shows_is_made_once() -> None:
    (document,) = parse("any", b"a: &a ['$A', b]\nb: *a\nc: [*a]\n").documents
    made, _ = interpolated(document, {"A": "1"})
    assert isinstance(made, Table)
    inner = made.get("c")
    assert isinstance(inner, Items)
    assert made.get("a") is made.get("b") is inner.items[0]


def test_variables_from_a_file_that_every_service_takes_are_counted_each_time(tmp_path: Path) -> None:
    (tmp_path / "many.env").write_text("".join(f"A{number}=1\n" for number in range(1000)))
    path = tmp_path / "compose.yaml"
    path.write_text("services:\n" + "".join(f"  s{number}: {{env_file: many.env}}\n" for number in range(900)))
    with pytest.raises(UsageError, match="grows beyond all bounds"):
        lint([path])


def test_aliases_that_nest_deeper_than_the_file_are_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x]", *(f"a{level}: &a{level} [*a{level - 1}]" for level in range(1, 300))]
    path = tmp_path / "compose.yaml"
    path.write_text("\n".join(lines))
    with pytest.raises(UsageError, match="nests too deeply"):
        lint([path])


def test_a_command_longer_than_anybody_writes_is_taken_apart_at_its_blanks(linted: Written) -> None:
    (place,) = {parse("any", b"x").documents[0].place}
    text = f"vllm serve {'x' * 70_000} 'a b'"
    assert [word.text for word in words(Scalar(place, text, text))][-2:] == ["'a", "b'"]
    assert linted(a_yaml=f"services:\n  a:\n    image: app\n    command: {text}\n").services[0].engine == "vLLM"


@pytest.mark.parametrize(
    ("base", "other"),
    [
        (", ".join(f"k{number}: 1" for number in range(20_000)), "{extends: base}"),
        (f"ports: [{', '.join(['1'] * 20_000)}]", "{extends: base, ports: [2]}"),
        (f"volumes: [{', '.join(f'a{number}:/x' for number in range(20_000))}]", "{volumes_from: [base]}"),
        (f"environment: ['A={'x' * 200_000}']", "{extends: base}"),
        (f"command: {'x ' * 2_000}", "{extends: base}"),
    ],
    ids=["keys", "items", "mounts", "text", "words"],
)
def test_services_that_grow_each_other_without_bounds_are_refused(tmp_path: Path, base: str, other: str) -> None:
    others = "".join(f"  s{number}: {other}\n" for number in range(900))
    path = tmp_path / "compose.yaml"
    path.write_text(f"services:\n  base: {{{base}}}\n{others}")
    with pytest.raises(UsageError, match="grows beyond all bounds"):
        lint([path])


def test_more_services_than_anybody_has_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text("services:\n" + "".join(f"  s{number}:\n" for number in range(1001)))
    with pytest.raises(UsageError, match="more than 1,000 services"):
        lint([path])


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        lint([tmp_path / "compose.yaml"])
    with pytest.raises(UsageError, match="cannot be read"):
        lint([tmp_path])
    with pytest.raises(UsageError, match="No compose file"):
        lint([])


_KEYS = st.sampled_from(
    [
        *(
            "services",
            "networks",
            "volumes",
            "a",
            "b",
            "image",
            "ports",
            "network_mode",
            "environment",
            "command",
            "<<",
        ),
        *("extends", "file", "service", "include", "env_file", "external", "internal", "devices", "deploy", "build"),
    ]
)
_GRAMMAR = st.recursive(
    st.sampled_from(
        ["a", "80:80", "${A:-b}", "$", "~", "host", "service:a", "/:/x", "true", "*a", "&a x", "!reset x", "'"]
    )
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.lists(st.tuples(_KEYS, inner), max_size=4).map(
            lambda pairs: "{" + ", ".join(f"{key}: {value}" for key, value in pairs) + "}"
        )
    ),
    max_leaves=20,
)


@given(st.lists(st.tuples(_KEYS, _GRAMMAR), max_size=5))
@example([("services", "{a: {extends: a, network_mode: 'service:a'}}")])
@example([("services", "{a: {network_mode: 'service:b'}, b: {network_mode: 'service:a'}}")])
def test_whatever_stands_in_a_file_it_is_judged_or_refused(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, str]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text("\n".join(f"{key}: {value}" for key, value in pairs), encoding="utf-8", errors="replace")
    try:
        report = lint([path])
    except UsageError:
        return
    assert all(one.place.line >= 1 and one.place.column >= 1 for one in report.findings)
    assert {one.service for one in report.findings} <= {"", *(one.service for one in report.services)}


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with suppress(UsageError):
        assert parse("any", content).file == "any"


@given(st.text(alphabet="${}:-+?ab ", max_size=30))
@example("${A" * 100_000)
@example("${A:-" * 100_000 + "}" * 100_000)
def test_any_text_with_variables_ends(text: str) -> None:
    (place,) = {parse("any", b"x").documents[0].place}
    made, faults = interpolated(Scalar(place, text, text), {"a": "b"})
    assert isinstance(made, Scalar)
    assert len(faults) <= 1


@pytest.mark.parametrize(
    ("text", "made", "unknown"),
    [
        ("$A-${A}", "1-1", set()),
        ("${B:-2}${B-2}${E:-3}${E-3}", "223", set()),
        ("${A:+4}${E:+5}${E+6}${B+7}", "46", set()),
        ("$B${B:?no}${A:?no}${E:?no}", "1", {"B", "E"}),
        ("${B:-${C:-${A}}}", "1", set()),
        ("$$A ${B:-$$} $(A) $", "$A $ $(A) $", set()),
    ],
)
def test_variables_are_put_in_as_compose_does(text: str, made: str, unknown: set[str]) -> None:
    (document,) = parse("any", f"'{text}'".encode()).documents
    scalar, faults = interpolated(document, {"A": "1", "E": ""})
    assert isinstance(scalar, Scalar)
    assert (scalar.text, set(scalar.unknown), faults) == (made, unknown, ())
    assert scalar.written == text


def test_what_the_env_file_beside_it_says_counts_and_is_not_shown(
    linted: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMAGE", "nginx:1.30.7")
    compose = "services:\n  a:\n    image: ${IMAGE:-nginx:1.2}\n    volumes: ['${DATA}:/data']\n"
    report = linted(_env="IMAGE=secret.example/app\nDATA=/etc\n", compose_yaml=compose)
    assert placed(report, "image-unpinned") == [("compose.yaml", 3)]
    assert placed(report, "machine-folder-writable") == [("compose.yaml", 4)]
    assert not any("secret" in one.what or "/etc" in one.what for one in report.findings)


def test_variables_are_read_from_a_file_as_compose_does(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("# no\nA=1\nexport B = 'x # y' \nC=z # no\nD\nE=\n=no\n  F: g\n")
    assigned = variables_in(path)
    assert assigned is not None
    told = {name: one.text for name, one in assigned.items()}
    assert told == {"A": "1", "B": "x # y", "C": "z", "D": None, "E": "", "F": "g"}


def test_several_files_are_put_together_and_findings_name_the_one_that_says_it(linted: Written) -> None:
    report = linted(
        a_yaml="services:\n  a:\n    image: nginx:1.30.7\n    networks: [inside]\n    cap_drop: [ALL]\n"
        "    volumes: ['/etc:/x', './y:/y']\nnetworks:\n  inside:\n    internal: true\n",
        b_yaml="services:\n  a:\n    ports: ['80:80']\n    cap_add: [SYS_ADMIN]\n    volumes: ['./x:/x']\n"
        "  b:\n    image: nginx\nnetworks:\n  inside:\n    driver: bridge\n",
    )
    assert placed(report, "published-port-dropped") == [("b.yaml", 3)]
    assert placed(report, "capability-escapes") == [("b.yaml", 4)]
    assert placed(report, "image-unpinned") == [("b.yaml", 7)]
    assert not placed(report, "machine-folder-writable")  # another folder stands in its place
    assert placed(report, "capabilities-kept") == [("b.yaml", 6)]


@pytest.mark.parametrize(
    ("over", "dropped"),
    [
        ("networks: [out]", False),
        ("networks: {out: {}}", False),
        ("networks: !override [inside]", True),
        ("networks: !reset []", False),
        ("networks: null", True),
        ("ports: !reset []", False),
        ("ports: !override ['81:81']", True),
        ("network_mode: none\n    networks: !reset []", True),
        ("<<: &more {networks: [out]}\n    networks: !reset []", False),
    ],
)
def test_a_second_file_adds_replaces_and_takes_away(linted: Written, over: str, dropped: bool) -> None:
    report = linted(
        a_yaml="services:\n  a:\n    image: nginx\n    networks: [inside]\n    ports: ['80:80']\n"
        "networks: {inside: {internal: true}, out: {}}\n",
        b_yaml=f"services:\n  a:\n    {over}\n",
    )
    assert bool(placed(report, "published-port-dropped")) is dropped


def test_the_environment_is_put_together_whichever_way_it_is_written(linted: Written) -> None:
    report = linted(
        a_yaml="services:\n  a:\n    image: vllm/vllm-openai:v0.33.0\n"
        "    environment: [HF_HUB_OFFLINE=0, TRANSFORMERS_OFFLINE=1]\n    command: [--trust-remote-code]\n",
        b_yaml="services:\n  a:\n    environment: {HF_HUB_OFFLINE: 1}\n    command: --model /m\n",
    )
    assert not placed(report, "engine-not-offline")
    assert not placed(report, "remote-code-trusted")


def test_what_contradicts_itself_over_two_files_is_told(linted: Written) -> None:
    report = linted(a_yaml="services:\n  a:\n    volumes: [a]\n", b_yaml="services:\n  a:\n    volumes: b\n")
    assert ("b.yaml", 3) in placed(report, "malformed")


def test_a_file_that_compose_puts_over_it_by_itself_is_not_overlooked(linted: Written) -> None:
    services = "services:\n  a:\n    image: nginx\n"
    linted(compose_override_yaml=services)
    assert placed(linted(compose_yaml=services), "not-followed") == [("compose.yaml", 1)]
    assert not placed(linted(compose_yaml=services, compose_override_yaml=services), "not-followed")
    assert not placed(linted(other_yaml=services), "not-followed")


def test_several_documents_in_a_file_are_put_together(linted: Written) -> None:
    report = linted(a_yaml="services:\n  a:\n    image: nginx\n---\nservices:\n  a:\n    privileged: true\n")
    assert placed(report, "privileged") == [("a.yaml", 7)]


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside.env"
    outside.write_text("HTTP_PROXY=http://proxy.example\n")
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "linked.env").symlink_to(outside)
    path = folder / "compose.yaml"
    path.write_text("services:\n  a:\n    image: nginx\n    env_file: [linked.env, '', /dev/zero]\n")
    report = lint([path])
    assert not placed(report, "proxy-variable")
    assert placed(report, "env-file-unread") == [("compose.yaml", 4)] * 3


@given(st.text(alphabet="ab -=#'\"\\$\t", max_size=30))
def test_a_command_without_a_shell_is_split_as_compose_does(text: str) -> None:
    (place,) = {parse("any", b"x").documents[0].place}
    try:
        parts = shlex.split(text)
    except ValueError:
        parts = text.split()
    assert [word.text for word in words(Scalar(place, text, text))] == parts
