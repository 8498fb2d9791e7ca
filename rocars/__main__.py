"""`python -m rocars`: the command of the reference ROCARS, see `rocars.command`."""

from __future__ import annotations

import sys

from ground.loading import loading

with loading():
    from rocars.command import main

if __name__ == "__main__":
    sys.exit(main())
