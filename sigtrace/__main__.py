"""`python -m sigtrace`, the same as the command `sigtrace`."""

from __future__ import annotations

from sigtrace.cli.main import main

if __name__ == "__main__":
    main()
