"""A rig for each test."""

from collections.abc import Iterator

import pytest

from tests.unit.application.identity.rig import Rig


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.hasher.close()
