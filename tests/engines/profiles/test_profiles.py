"""Profiles are small files, checked when they are loaded."""

import tomllib
from pathlib import Path

import pytest

from muniment.engines.image import ImageLimits
from muniment.engines.profiles import DEFAULT_PROFILE, Profile, load_profile, profile_names
from muniment.errors import UsageError


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own folder of profiles."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    folder = tmp_path / "muniment" / "profiles"
    folder.mkdir(parents=True)
    return folder


def test_the_three_that_come_along_ask_for_what_their_markup_is_read_by() -> None:
    assert {"nanonets-ocr2", "nanonets-ocr2-financial", "nanonets-ocr-s"} <= set(profile_names())
    for name in ("nanonets-ocr2", "nanonets-ocr2-financial", "nanonets-ocr-s"):
        profile = load_profile(name)
        for word in ("<img></img>", "<watermark>", "<page_number>", "☐", "html"):
            assert word in profile.prompt.replace("HTML", "html"), name
        assert "\n" not in profile.prompt
        assert profile.temperatures[0] == 0.0
        assert list(profile.temperatures) == sorted(profile.temperatures)


def test_a_users_own_profile_goes_before_one_of_the_same_name(own: Path) -> None:
    (own / f"{DEFAULT_PROFILE}.toml").write_text('prompt = "Read this."\nmax_tokens = 99\n[image]\nquality = 70\n')
    profile = load_profile(DEFAULT_PROFILE)
    assert (profile.prompt, profile.max_tokens, profile.image.quality) == ("Read this.", 99, 70)


def test_a_path_to_a_file_works(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('prompt = "Read."')
    assert load_profile(str(tmp_path / "mine.toml")).name == "mine"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("prompt = ", "is not TOML"),
        ("", "wrong at prompt"),
        ('prompt = "a"\ntemprature = 1', "wrong at temprature"),
        ('prompt = "a"\n[image]\nquality = 200', "wrong at image.quality"),
        ('prompt = "a"\ntemperatures = []', "wrong at temperatures"),
    ],
)
def test_what_is_wrong_with_a_profile_is_said(own: Path, content: str, said: str) -> None:
    (own / "bad.toml").write_text(content)
    with pytest.raises(UsageError, match=said):
        load_profile("bad")


@pytest.mark.parametrize("name", ["nonesuch", "../escape", "", "missing.toml"])
def test_a_profile_that_is_not_there_names_those_that_are(own: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"nanonets-ocr2|cannot be read"):
        load_profile(name)
    assert own.is_dir()


def test_the_profile_in_the_documentation_is_one_and_shows_every_field() -> None:
    page = (Path(__file__).parents[3] / "docs" / "engines.md").read_text(encoding="utf-8")
    shown = tomllib.loads(page.split("```toml\n")[1].split("```")[0])
    assert Profile.model_validate({**shown, "name": "shown"}).markup == "nanonets"
    assert {*shown, "name"} == set(Profile.model_fields)
    assert set(shown["image"]) == set(ImageLimits.model_fields)
