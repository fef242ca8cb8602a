"""From a command line to a traced process: what is executed, in which environment, its end."""

from __future__ import annotations
