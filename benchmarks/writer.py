"""`python -m benchmarks.writer PLAN.json`: commits entities at a fixed rate and notes each time."""

import asyncio
import json
import sys
import time
from functools import partial
from pathlib import Path
from uuid import UUID

import uvloop

from adapters.json_schema.metadata_schemas import CompiledSchemas
from adapters.postgres.engine import Database, PoolSettings
from adapters.postgres.outbox import PostgresWaker
from adapters.postgres.repositories import WorkSettings
from adapters.postgres.unit_of_work import start_postgres_work
from adapters.system.clock import SystemClock
from adapters.system.ids import Uuid7Generator
from application.graph.create_entity import CreateEntity, CreateEntityCommand
from application.operations.when_anything_happens_audit import audit
from application.shared.principal import Principal, Role, Trace
from domain.graph.entity import EntityContent
from domain.shared.ids import UserId


async def main(plan: dict[str, object]) -> None:
    users, rate, seconds = plan["users"], plan["rate"], plan["seconds"]
    assert isinstance(users, list)
    assert isinstance(rate, int)
    assert isinstance(seconds, float | int)
    committed: dict[str, float] = {}
    async with (
        Database(str(plan["database"]), PoolSettings()) as database,
        PostgresWaker(database) as wake,
        asyncio.TaskGroup() as group,
    ):
        ids = Uuid7Generator()
        settings = WorkSettings(
            database=database, ids=ids, audit=audit, wake=wake, metadata_schemas=CompiledSchemas()
        )
        create = CreateEntity(partial(start_postgres_work, settings), SystemClock(), ids)

        async def commit(number: int) -> None:
            user_id = UserId(UUID(users[number % len(users)]))
            principal = Principal(user_id=user_id, role=Role.USER, trace=Trace(request_id=f"writer-{number}"))
            content = EntityContent(name=f"Written {number}", type="person")
            view = await create(CreateEntityCommand(principal=principal, content=content))
            committed[str(view.id)] = time.monotonic()

        begun = time.monotonic()
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, begun + number / rate - time.monotonic()))
            group.create_task(commit(number))
    print(json.dumps(committed))


if __name__ == "__main__":
    uvloop.run(main(json.loads(Path(sys.argv[1]).read_text())))
