"""The embedded engine's models, copied here from published wheels by tools/collect_models.py."""
