"""The declared schema over HTTP, on memory adapters: declared, and what it does to all ways of writing."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from quart import Quart

from adapters.formats.registry import READERS
from adapters.json_schema.metadata_schemas import CompiledSchemas
from adapters.memory.graph_bulk_results import InMemoryBulkResultQueries
from adapters.memory.graph_duplicates import InMemoryDuplicateQueries
from adapters.memory.graph_history import InMemoryHistoryQueries
from adapters.memory.graph_jobs import InMemoryGraphJobQueries
from adapters.memory.graph_merge_queries import InMemoryMergeQueries
from adapters.memory.graph_queries import InMemoryEntityQueries
from adapters.memory.graph_schema import InMemorySchemaQueries
from adapters.system.clock import SystemClock
from adapters.text.likeness import RapidfuzzLikeness
from application.graph.accept_import import AcceptImport, AcceptImportCommand
from application.graph.cancel_graph_job import CancelGraphJob
from application.graph.change_schema_settings import ChangeSchemaSettings
from application.graph.declare_type import DeclareType, WithdrawType
from application.graph.duplicates import FindDuplicates
from application.graph.merge_entities import MergeEntities
from application.graph.read_schema import ListViolations, ReadSchema
from application.graph.restore_entity import RestoreEntity
from application.graph.restore_relationship import RestoreRelationship
from application.graph.run_import import RunImport
from application.graph.undo_merge import UndoMerge
from application.graph.write_bulk import WriteBulk
from domain.graph.bulk import BulkMode
from domain.shared.ids import UserId
from entrypoints.http import (
    graph_bulk,
    graph_history,
    graph_jobs,
    graph_schema,
    merges,
)
from tests.contract.systems import IDS, MemorySystem, principal
from tests.unit.entrypoints.http.serving_graph import Client, served, things

AGED = {"metadata_schema": {"properties": {"age": {"type": "integer"}}, "required": ["age"]}}
SETTINGS = "/graph/schema/settings"
PERSON = "/graph/schema/entity-types/person"


@pytest.fixture
def system() -> MemorySystem:
    return MemorySystem()


@pytest.fixture
def app(system: MemorySystem) -> Quart:
    clock, work, store = SystemClock(), system.start_work, system.store
    schema_queries = InMemorySchemaQueries(store)
    operations = [
        *things(system),
        *graph_schema.operations(
            graph_schema.GraphSchemaOverHttp(
                read_schema=ReadSchema(schema_queries),
                declare_type=DeclareType(work, clock),
                withdraw_type=WithdrawType(work, clock),
                change_settings=ChangeSchemaSettings(work, clock),
                list_violations=ListViolations(schema_queries, CompiledSchemas()),
                queries=schema_queries,
            )
        ),
        *graph_bulk.operations(
            graph_bulk.GraphBulkOverHttp(
                write_bulk=WriteBulk(work, clock, IDS), results=InMemoryBulkResultQueries(store)
            )
        ),
        *graph_history.operations(
            graph_history.GraphHistoryOverHttp(
                restore_entity=RestoreEntity(work, clock),
                restore_relationship=RestoreRelationship(work, clock),
                queries=InMemoryHistoryQueries(store),
            )
        ),
        *merges.operations(
            merges.MergesOverHttp(
                find_duplicates=FindDuplicates(InMemoryDuplicateQueries(store), RapidfuzzLikeness()),
                merge_entities=MergeEntities(work, clock, IDS),
                undo_merge=UndoMerge(work, clock),
                entities=InMemoryEntityQueries(store),
                queries=InMemoryMergeQueries(store),
            )
        ),
        *graph_jobs.operations(
            graph_jobs.GraphJobsOverHttp(
                queries=InMemoryGraphJobQueries(store), cancel_job=CancelGraphJob(work, clock)
            )
        ),
    ]
    return served(operations)


class Owner(Client):
    """Somebody who declares types."""

    @property
    def user_id(self) -> UUID:
        return UUID(self._token)

    async def sent(self, method: str, path: str, body: object = None, *, status: int = 200) -> Any:
        """What is answered, which has this status."""
        told, shown, _ = await self(method, path, body)
        assert told == status, shown
        return shown

    async def choose(self, enforcement: str, **more: str) -> None:
        await self.sent("PUT", f"{SETTINGS}?force=true", {"enforcement": enforcement, **more})

    async def declare(self, path: str, **declared: object) -> None:
        await self.sent("PUT", f"/graph/schema/{path}?force=true", declared, status=201)


@pytest.fixture
def owner(app: Quart) -> Owner:
    return Owner(app)


def warned(shown: Any) -> list[tuple[str, str]]:
    """What a write was warned of."""
    return [(each["pointer"], each["code"]) for each in shown["meta"].get("warnings", [])]


def refused(shown: Any) -> list[tuple[str, str]]:
    return [(each["pointer"], each["code"]) for each in shown["errors"]]


async def test_settings_are_off_until_somebody_chooses(owner: Owner) -> None:
    status, shown, headers = await owner("GET", SETTINGS)
    assert (status, shown["data"]["enforcement"], headers["ETag"]) == (200, "off", '"0"')
    status, shown, headers = await owner("PUT", SETTINGS, {"enforcement": "warn"}, If_Match='"0"')
    assert (status, shown["data"]["undeclared_types"], headers["ETag"]) == (200, "allow", '"1"')
    assert (await owner("PUT", SETTINGS, {"enforcement": "off"}, If_Match='"0"'))[0] == 412
    shown = await owner.sent("PUT", SETTINGS, {"enforcement": "no", "x": 1}, status=422)
    assert "/enforcement" in {pointer for pointer, _ in refused(shown)}


async def test_a_type_is_declared_read_changed_and_withdrawn(owner: Owner) -> None:
    await owner.entity()
    status, shown, headers = await owner("PUT", PERSON, AGED)
    assert (status, headers["ETag"], shown["data"]["report"]["total"]) == (201, '"1"', 1)
    assert (await owner.sent("GET", PERSON))["data"]["metadata_schema"] == AGED["metadata_schema"]
    assert (await owner("PUT", PERSON, {}, If_Match='"7"'))[0] == 412
    assert (await owner.sent("PUT", PERSON, {}))["data"]["version"] == 2
    shown = await owner.sent("PUT", PERSON, {"metadata_schema": {"$ref": "http://x"}}, status=422)
    assert refused(shown) == [("/metadata_schema/$ref", "remote_reference")]
    assert refused(await owner.sent("PUT", PERSON, {"colour": 1}, status=422)) == [
        ("/colour", "unknown_field")
    ]
    await owner.sent("DELETE", PERSON, status=204)
    await owner.sent("GET", PERSON, status=404)
    await owner.sent("DELETE", PERSON, status=404)


async def test_what_an_enforced_declaration_breaks_is_refused_unless_forced(owner: Owner) -> None:
    ada = await owner.entity()
    await owner.choose("enforce")
    shown = await owner.sent("PUT", PERSON, AGED, status=409)
    assert refused(shown) == [(f"/entities/{ada}/metadata", "schema_required")]
    await owner.sent("PUT", f"{PERSON}?force=true", AGED, status=201)
    (violator,) = (await owner.sent("GET", "/graph/schema/violations"))["data"]
    assert (violator["kind"], violator["id"]) == ("entity", ada)
    shown = await owner.sent("GET", "/graph/schema")
    assert [each["type"] for each in shown["data"]["declared"]["entity_types"]] == ["person"]
    assert shown["data"]["in_use"]["entity_types"] == [{"type": "person", "count": 1}]


async def test_every_single_write_of_an_entity_warns_or_is_refused(owner: Owner) -> None:
    await owner.declare("entity-types/person", **AGED)
    await owner.choose("warn")
    missing = [("/metadata", "schema_required")]
    body: dict[str, object] = {"name": "Ada", "type": "person"}
    shown = await owner.sent("POST", "/entities", body, status=201)
    assert warned(shown) == missing
    one = f"/entities/{shown['data']['id']}"
    assert warned(await owner.sent("PATCH", one, {"name": "B"})) == missing
    assert warned(await owner.sent("PUT", one, body)) == missing
    await owner.sent("DELETE", one, status=204)
    assert warned(await owner.sent("POST", f"{one}/restore")) == missing
    good = await owner.sent("PATCH", one, {"metadata": {"age": 7}})
    assert "warnings" not in good["meta"]
    await owner.choose("enforce", undeclared_types="refuse")
    assert refused(await owner.sent("POST", "/entities", body, status=422)) == missing
    assert refused(await owner.sent("PATCH", one, {"metadata": None}, status=422)) == missing
    shown = await owner.sent("POST", "/entities", {"name": "X", "type": "robot"}, status=422)
    assert refused(shown) == [("/type", "undeclared_type")]


async def test_every_single_write_of_a_relationship_warns_or_is_refused(owner: Owner) -> None:
    a, b, c = [await owner.entity() for _ in range(3)]
    await owner.declare("relationship-types/heads", cardinality="one-to-one", target_types=["firm"])
    await owner.choose("warn")
    body = {"source_entity_id": a, "target_entity_id": b, "relationship_type": "heads"}
    shown = await owner.sent("POST", "/relationships", body, status=201)
    assert warned(shown) == [("/target_entity_id", "end_type")]
    second = await owner.sent("POST", "/relationships", body | {"target_entity_id": c}, status=201)
    assert warned(second) == [("/target_entity_id", "end_type"), ("/source_entity_id", "cardinality")]
    edge = f"/relationships/{second['data']['id']}"
    assert len(warned(await owner.sent("PATCH", edge, {"confidence": 0.5}))) == 2
    await owner.sent("DELETE", edge, status=204)
    assert len(warned(await owner.sent("POST", f"{edge}/restore"))) == 2
    await owner.choose("enforce")
    shown = await owner.sent("PATCH", edge, {"confidence": 0.75}, status=422)
    assert refused(shown) == [("/target_entity_id", "end_type"), ("/source_entity_id", "cardinality")]


async def test_bulk_writes_tell_warnings_by_row_and_in_the_meta_also_when_repeated(owner: Owner) -> None:
    await owner.declare("entity-types/person", **AGED)
    await owner.choose("warn")
    items = [{"name": "Ada", "type": "person", "metadata": {"age": age}} for age in (7, "x", None)]
    status, shown, _ = await owner("POST", "/entities/bulk", {"items": items}, Idempotency_Key="k")
    wrong = [("/items/1/metadata/age", "schema_type"), ("/items/2/metadata/age", "schema_type")]
    assert (status, warned(shown), shown["data"]["warned"]) == (200, wrong, 2)
    rows = shown["data"]["rows"]
    assert [[w["pointer"] for w in row["warnings"]] for row in rows] == [[], [wrong[0][0]], [wrong[1][0]]]
    _, again, headers = await owner("POST", "/entities/bulk", {"items": items}, Idempotency_Key="k")
    assert (again["data"], warned(again)) == (shown["data"], wrong)
    assert headers["Idempotency-Replayed"] == "true"
    many = {"items": [{"name": "Ada", "type": "person"}] * 150}
    shown = await owner.sent("POST", "/entities/bulk", many)
    assert (len(warned(shown)), shown["data"]["warned"]) == (100, 150)


async def test_bulk_writes_refuse_rows_alone_where_the_schema_is_enforced(owner: Owner) -> None:
    a, b = await owner.entity(), await owner.entity()
    await owner.declare("relationship-types/knows", symmetric=True)
    await owner.choose("enforce")
    ends = [(a, b), (b, a)]
    items = [
        {"source_entity_id": one, "target_entity_id": other, "relationship_type": "knows"}
        for one, other in ends
    ]
    shown = await owner.sent("POST", "/relationships/bulk", {"items": items})
    assert [row["status"] for row in shown["data"]["rows"]] == ["created", "refused"]
    (error,) = shown["data"]["rows"][1]["errors"]
    assert (error["pointer"], error["code"]) == ("/items/1/relationship_type", "mirrored")
    assert "warnings" not in shown["meta"]


async def test_merges_and_their_undoing_warn_or_are_refused(owner: Owner) -> None:
    a, b = await owner.entity(metadata={"a": 1}), await owner.entity(metadata={"b": 1})
    await owner.declare("entity-types/person", metadata_schema={"maxProperties": 1})
    await owner.choose("enforce")
    body = {"target_id": a, "source_ids": [b]}
    wrong = [(f"/entities/{a}/metadata", "schema_maxProperties")]
    assert refused(await owner.sent("POST", "/entities/merge", body, status=422)) == wrong
    assert (await owner.sent("GET", f"/entities/{b}"))["data"]["metadata"] == {"b": 1}
    await owner.choose("warn")
    merged = await owner.sent("POST", "/entities/merge", body, status=201)
    assert warned(merged) == wrong
    undo = f"/entities/merges/{merged['data']['id']}/undo"
    await owner.sent("PUT", f"{PERSON}", {"metadata_schema": {"maxProperties": 0}})
    assert sorted(warned(await owner.sent("POST", undo))) == sorted(
        (f"/entities/{one}/metadata", "schema_maxProperties") for one in (a, b)
    )


async def test_what_an_import_refused_and_was_warned_of_is_downloaded(
    owner: Owner, system: MemorySystem
) -> None:
    await owner.declare("entity-types/person", **AGED)
    await owner.choose("warn")
    me = principal(UserId(owner.user_id))
    rows = [{"kind": "entity", "name": "Ada", "type": "person"}, {"kind": "entity", "type": "person"}]

    async def chunks() -> AsyncIterator[bytes]:
        yield b"".join(json.dumps(row).encode() + b"\n" for row in rows)

    job = await AcceptImport(system.start_work, SystemClock(), IDS)(
        AcceptImportCommand(
            principal=me,
            format="jsonl",
            mode=BulkMode.UPSERT,
            all_or_nothing=False,
            source=None,
            chunks=chunks(),
            idempotency=lambda: None,
        )
    )
    await RunImport(system.start_work, SystemClock(), IDS, READERS)(me, job)
    for kind, expected in (
        ("warnings", {"place": 1, "pointer": "/metadata", "code": "schema_required"}),
        ("errors", {"place": 2, "pointer": "/name", "code": "required"}),
    ):
        status, shown, headers = await owner("GET", f"/graph/jobs/{job.id}/{kind}")
        assert (status, shown | {"detail": ""}) == (200, expected | {"detail": ""})
        assert headers["Content-Disposition"] == f'attachment; filename="{job.id}-{kind}.jsonl"'
        assert (await owner("GET", f"/graph/jobs/{IDS.new()}/{kind}"))[0] == 404
