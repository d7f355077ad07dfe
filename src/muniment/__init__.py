"""Muniment reads documents and keeps them to itself."""
