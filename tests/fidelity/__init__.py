"""Runs Django's own tests untraced and traced, and compares them test by test.

`python -m tests.fidelity --help` says how.
"""
