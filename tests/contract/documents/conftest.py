"""The library of the suites here, once in memory and once in Postgres."""

from collections.abc import AsyncIterator

import pytest

from adapters.postgres.provision import Logins
from tests.contract.extraction.library import Library, memory_library, postgres_library


@pytest.fixture(params=["memory", "postgres"])
async def library(request: pytest.FixtureRequest) -> AsyncIterator[Library]:
    if request.param == "memory":
        async with memory_library() as library:
            yield library
    else:
        logins: Logins = request.getfixturevalue("migrated_database")
        async with postgres_library(logins) as library:
            yield library
