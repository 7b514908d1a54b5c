"""Fixtures of the tests of the pure middle.

In:  the smallest upload.
Out: `district`, which has applied it.
"""

from copy import deepcopy

import pytest

from tests.roster.district import District


@pytest.fixture(scope="session")
def _smallest() -> District:
    new = District()
    new.take()
    return new


@pytest.fixture
def district(_smallest: District) -> District:
    """A district that has applied the smallest upload."""
    return deepcopy(_smallest)
