"""What an import promises as a whole, in memory and in Postgres: told, audited, cancelled, run again."""

from uuid import uuid4

import pytest

from application.graph import run_import
from domain.graph.events import entity_data, relationship_data
from domain.graph.job import GraphJobOutcome, GraphJobStatus
from tests.contract.graph.importing import NOW, Importing, edges_of, entities_of, entity, jsonl, relationship
from tests.contract.graph.stores import GraphStore
from tests.contract.systems import principal


async def test_events_tell_what_the_api_shows(importing: Importing) -> None:
    a, b = uuid4(), uuid4()
    await importing.rows(entity("A", id=str(a), aliases=["x"]), entity("B", id=str(b)), relationship(a, b))
    await importing.rows(entity("A2", id=str(a), metadata={"a": 0.1}), relationship(a, b, source="s"))
    told = await importing.events()
    kinds = [
        "entity.created",
        "entity.created",
        "relationship.created",
        "entity.updated",
        "relationship.updated",
    ]
    assert [kind for kind, _ in told] == kinds
    async with importing.store.work(importing.user) as work:
        changed = await work.entities.get(importing.user, a)  # type: ignore[arg-type]  # an id is an id
        assert told[3][1] == {**entity_data(changed), "aliases": list(changed.content.aliases)}
        edges = await edges_of(importing)
        edge = await work.relationships.get(importing.user, edges[0].id)  # type: ignore[arg-type]  # as above
        assert told[4][1] == relationship_data(edge)


async def test_one_audit_row_stands_for_a_batch(importing: Importing) -> None:
    job = await importing.accept(jsonl(*(entity(f"E{n}") for n in range(20))))
    await importing.run(job)
    audited = [
        row for row in await importing.store.system.audited(importing.user) if row.action == "graph.written"
    ]
    assert [row.resource_id for row in audited] == [job.id]
    assert audited[0].request_id == principal(importing.user).trace.request_id


async def test_somebody_elses_ids_touch_nothing_of_theirs(importing: Importing, store: GraphStore) -> None:
    stranger = Importing(store, await store.system.new_user())
    a, b, edge = uuid4(), uuid4(), uuid4()
    await stranger.rows(entity("A", id=str(a)), entity("B", id=str(b)), relationship(a, b, id=str(edge)))
    before = (await entities_of(stranger), await edges_of(stranger))
    _, refused = await importing.rows(entity("Mine", id=str(a)), relationship(a, b, id=str(edge)))
    assert refused == [(2, "/target_entity_id", "no_such_entity")]
    assert (await entities_of(stranger), await edges_of(stranger)) == before
    assert (await entities_of(importing))["Mine"].id == a


async def test_a_cancelled_import_stops_without_a_further_effect(importing: Importing) -> None:
    job = await importing.accept(jsonl(entity("A")))
    async with importing.store.system.start_work(principal(importing.user)) as work:
        ended = GraphJobOutcome(status=GraphJobStatus.CANCELLED)
        await work.graph_jobs.finish(importing.user, job.id, ended, NOW)  # type: ignore[attr-defined]  # more than asked
        await work.commit()
    assert (await importing.run(job)).status == "cancelled"
    assert await entities_of(importing) == {}


@pytest.mark.parametrize("all_or_nothing", [False, True])
async def test_statistics_follow_what_has_an_effect_on_many_rows(
    importing: Importing, monkeypatch: pytest.MonkeyPatch, all_or_nothing: bool
) -> None:
    monkeypatch.setattr(run_import, "MANY", 10)
    rows = [entity(f"E{n}", external_id=str(n)) for n in range(9)]
    await importing.rows(*rows, all_or_nothing=all_or_nothing)
    await importing.rows(*rows, entity("New"), all_or_nothing=all_or_nothing)
    assert importing.refreshed == 0, "what is there already is nothing new"
    changed = [row | {"confidence": 0.5} for row in rows]
    await importing.rows(*changed, entity("New"), all_or_nothing=all_or_nothing)
    assert importing.refreshed == 1


async def test_a_run_after_the_end_has_no_further_effect(importing: Importing) -> None:
    job = await importing.accept(jsonl(entity("A"), entity("B")))
    first = await importing.run(job)
    assert await importing.run(job) == first
    assert len(await entities_of(importing)) == 2
