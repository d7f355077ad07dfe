"""Small models: folders of the files that a real one has."""

import json
from pathlib import Path

NAME = "acme/Reader-1B"
REVISION = "0123456789abcdef0123456789abcdef01234567"


def safetensors(*sizes: int, fill: bytes = b"\1") -> bytes:
    """The bytes of a file with a tensor of bytes of each size."""
    header, end = {}, 0
    for number, size in enumerate(sizes):
        header[f"layer.{number}"] = {"dtype": "U8", "shape": [size], "data_offsets": [end, end + size]}
        end += size
    return framed(json.dumps(header).encode(), fill * end)


def framed(header: bytes, data: bytes = b"") -> bytes:
    """A header, after its length and before the tensors."""
    return len(header).to_bytes(8, "little") + header + data


def model_files(*sizes: int) -> dict[str, bytes]:
    """What belongs to a model with a file of weights of each size (in bytes, without its header)."""
    names = [f"model-{number:05}-of-{len(sizes):05}.safetensors" for number in range(1, len(sizes) + 1)]
    index = {"metadata": {}, "weight_map": {f"layer.{number}": name for number, name in enumerate(names)}}
    return {
        "README.md": "# Reader\n\nReads ✓\n".encode(),
        "chat_template.jinja": b"{{ messages }}",
        "config.json": b'{"model_type": "reader"}',
        "generation_config.json": b'{"repetition_penalty": 1.05}',
        **{name: safetensors(size) for name, size in zip(names, sizes, strict=True)},
        "model.safetensors.index.json": json.dumps(index).encode(),
        "preprocessor_config.json": b"{}",
        "tokenizer.json": b'{"version": "1.0"}',
    }


def write(folder: Path, files: dict[str, bytes]) -> Path:
    """``files`` in ``folder``, which is made."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def files_in(folder: Path) -> list[str]:
    """Every file below ``folder``, hidden ones too."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
