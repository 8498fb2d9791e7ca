"""No two tests are given the same ports."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support import ports
from tests.support.lanes import TESTS

pytestmark = pytest.mark.service

ASKS = """
import random, sys
from tests.support import ports
ports.FIRST, ports.LAST = int(sys.argv[1]), int(sys.argv[1]) + 1
try:
    print(ports.free_ports(2))
except RuntimeError as none:
    print(none)
"""


def test_what_one_process_was_given_is_no_other_ones() -> None:
    first = ports.free_ports(3)
    words = [sys.executable, "-c", ASKS, str(first + 2)]
    done = subprocess.run(words, cwd=TESTS.parent, capture_output=True, text=True, check=True)
    assert done.stdout == "no free ports\n"
