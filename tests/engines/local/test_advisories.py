import pytest

from muniment.engines.local.advisories import known_hole


@pytest.mark.parametrize(
    ("version", "holes"),
    [
        ("0.14.0", ("CVE-2026-22778", "CVE-2026-34756", "CVE-2026-48746", "CVE-2026-130686")),
        ("0.14.1", ("CVE-2026-34756", "CVE-2026-48746", "CVE-2026-130686")),
        ("0.32.0+cpu", ("CVE-2026-130686",)),
        ("0.32.1rc1", ("CVE-2026-130686",)),
    ],
)
def test_a_version_with_known_holes_is_told_with_what_to_do(version: str, holes: tuple[str, ...]) -> None:
    told = known_hole(version)
    assert f"({version})" in told
    assert "install 0.33.0 or newer" in told
    assert sorted(word.strip("(),") for word in told.replace("):", "").split() if "CVE" in word) == sorted(holes)


@pytest.mark.parametrize("version", ["0.33.0", "0.33", "1.0.0", "unknown", ""])
def test_others_are_passed_over(version: str) -> None:
    assert known_hole(version) == ""
