"""Keeps a log of what happens to articles."""
