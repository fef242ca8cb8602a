"""From a command line to a traced process: what is executed, with which environment, and its end."""

from __future__ import annotations
