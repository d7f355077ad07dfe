"""The names of the room are there, and a worker loads little before it shuts itself off."""

from muniment import reading
from tests.processes import python


def test_every_name_can_be_loaded_and_no_other() -> None:
    assert all(hasattr(reading, name) for name in reading.__all__)
    assert sorted(reading._HOMES) == sorted(reading.__all__)
    assert not hasattr(reading, "nonesuch")


def test_a_worker_loads_nothing_heavy_before_it_has_entered_its_sandbox() -> None:
    heavy = {"asyncio", "cv2", "httpx", "numpy", "openvino", "PIL", "pydantic", "pypdfium2", "rich"}
    code = f"import muniment.reading.worker, sys; print(sorted({heavy!r} & set(sys.modules)))"
    assert python(code) == "[]"
