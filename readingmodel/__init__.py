"""A small model of the Qwen2.5-VL kind that reads clean printed pages, for tests; see README.md."""
