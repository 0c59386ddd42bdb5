"""The stores every graph test runs on; and how long random sequences are, chosen on the command line before
any test is collected."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, settings

from adapters.postgres.provision import Logins
from tests.contract.graph.analytics import Bench, memory_bench, postgres_bench
from tests.contract.graph.importing import Importing
from tests.contract.graph.merging import Merging, Ticking
from tests.contract.graph.stores import GraphStore, memory_store, postgres_store

QUICK = settings(
    max_examples=35,
    stateful_step_count=30,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
THOROUGH = "thorough"

settings.register_profile(
    THOROUGH, QUICK, max_examples=1500, stateful_step_count=60, derandomize=False, database=None
)


@pytest.fixture(params=["memory", "postgres"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[GraphStore]:
    if request.param == "memory":
        yield memory_store()
        return
    logins: Logins = request.getfixturevalue("migrated_database")
    async with postgres_store(logins) as real:
        yield real


@pytest.fixture
def merging(store: GraphStore) -> Merging:
    return Merging(store=store, clock=Ticking())


@pytest.fixture(params=["memory", "postgres"])
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    if request.param == "memory":
        async with memory_bench() as made:
            yield made
        return
    logins: Logins = request.getfixturevalue("migrated_database")
    async with postgres_bench(logins) as made:
        yield made


@pytest.fixture
async def importing(store: GraphStore) -> Importing:
    return Importing(store, await store.system.new_user())
