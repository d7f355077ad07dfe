import os
from pathlib import Path

import pytest

from muniment.engines.local.folders import cache_folder, private_folder
from muniment.errors import EngineError


def test_a_run_has_a_folder_that_nobody_else_may_look_into() -> None:
    folder = private_folder()
    try:
        assert folder.stat().st_mode & 0o777 == 0o700
    finally:
        folder.rmdir()


def test_a_path_too_long_for_sockets_is_told_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    with pytest.raises(EngineError, match="Shorten TMPDIR"):
        private_folder()
    assert not list(long.iterdir())


def test_no_place_for_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    with pytest.raises(EngineError, match="No temporary folder can be made"):
        private_folder()


def test_a_cache_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    folder = cache_folder(tmp_path / "a" / "cache")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert cache_folder(folder) == folder


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777])
def test_a_cache_that_others_may_write_into_is_refused(tmp_path: Path, mode: int) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache").chmod(mode)
    with pytest.raises(EngineError, match="Others may write"):
        cache_folder(tmp_path / "cache")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_cache_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir(mode=0o755)
    os.chown(tmp_path / "cache", 65_534, 65_534)
    with pytest.raises(EngineError, match="Others may write"):
        cache_folder(tmp_path / "cache")


def test_a_cache_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("in the way")
    with pytest.raises(EngineError, match="cannot be made"):
        cache_folder(tmp_path / "cache" / "deeper")
