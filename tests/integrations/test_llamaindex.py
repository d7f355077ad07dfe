"""Integrations do without the packages that they are for until they are used."""

from importlib.util import find_spec

import pytest


@pytest.mark.skipif(find_spec("llama_index") is not None, reason="LlamaIndex is installed here")
def test_without_llamaindex_its_reader_says_what_to_install() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'muniment\[llamaindex\]'"):
        import muniment.integrations.llamaindex  # noqa: F401
