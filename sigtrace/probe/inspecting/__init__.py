"""What runs in a process that is started to be inspected: set the project up, look, tell, end."""

from __future__ import annotations
