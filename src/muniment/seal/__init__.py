"""The seal: what can be shown of it, and how it is shown. Knows containers and processes; knows nothing of reading."""
