"""The boundary's shorthands serve the hotline too."""

from tests.rocars.crossing.conftest import boundary, changes, small_boundary  # noqa: F401
