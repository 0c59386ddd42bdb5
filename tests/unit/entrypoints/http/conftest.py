"""Identity over the store in memory, for whoever asks it over HTTP."""

from collections.abc import Iterator

import pytest

from tests.unit.application.identity.rig import Rig


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.hasher.close()
