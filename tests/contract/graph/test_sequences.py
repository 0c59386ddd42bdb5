"""Whatever people do to a graph, in whatever order: Postgres does what the model in memory does.

A short run belongs to every check. A long one with other sequences: `pytest --hypothesis-profile=thorough
tests/contract/graph/test_sequences.py`; `--hypothesis-seed=N` draws the same ones again.
"""

import asyncio

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from adapters.memory.graph_history import InMemoryHistoryQueries
from adapters.memory.graph_jobs import InMemoryGraphJobQueries
from adapters.postgres.engine import Database, PoolSettings
from adapters.postgres.graph_export import PostgresGraphSnapshots
from adapters.postgres.graph_history import PostgresHistoryQueries
from adapters.postgres.graph_job_queries import PostgresGraphJobQueries
from adapters.postgres.provision import Logins
from application.shared.ports import Clock
from tests.contract.graph.conftest import QUICK, THOROUGH
from tests.contract.graph.sequences.exports import MemoryExports
from tests.contract.graph.sequences.machine import GraphSequences
from tests.contract.graph.sequences.snapshots import memory_snapshots, postgres_snapshots
from tests.contract.graph.sequences.wide_machine import WideGraphSequences
from tests.contract.graph.sequences.worlds import Store, World
from tests.contract.systems import MemorySystem, PostgresSystem


@pytest.mark.parametrize("machine", [GraphSequences, WideGraphSequences])
def test_postgres_does_what_the_model_does_in_every_sequence(
    migrated_database: Logins, machine: type[GraphSequences]
) -> None:
    chosen = settings() if settings.get_current_profile_name() == THOROUGH else QUICK
    with asyncio.Runner() as runner:
        database = Database(migrated_database.runtime_url, PoolSettings(max_size=2))
        runner.run(database.__aenter__())
        try:
            real = PostgresSystem(database)
            run_state_machine_as_test(
                # It calls this as it would call the class.
                lambda: machine(
                    runner, lambda: runner.run(real.new_user()), lambda clock: worlds(real, clock)
                ),  # type: ignore[arg-type]  # see above
                settings=chosen,
            )
        finally:
            runner.run(database.__aexit__(None, None, None))


def worlds(real: PostgresSystem, clock: Clock) -> list[World]:
    """The model, and what it is the model of."""
    model = MemorySystem()
    in_memory = Store(
        name="memory",
        start_work=model.start_work,
        history=InMemoryHistoryQueries(model.store),
        jobs=InMemoryGraphJobQueries(model.store),
        snapshot=memory_snapshots(model.store),
        exports=MemoryExports(model.store),
    )
    in_postgres = Store(
        name="postgres",
        start_work=real.start_work,
        history=PostgresHistoryQueries(real.database),
        jobs=PostgresGraphJobQueries(real.database),
        snapshot=postgres_snapshots(real.database),
        exports=PostgresGraphSnapshots(real.database),
    )
    return [World(in_memory, clock), World(in_postgres, clock)]
