"""Files into a graph through real processes: whole, cut off, broken, and with consumers that are killed."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.e2e.resilience.deployment import Deployment
from tests.e2e.resilience.ledger import Ledger
from tests.e2e.resilience.polling import eventually

ENTITIES, EDGES = 4_000, 24_000
ENDED = ("succeeded", "partial", "failed", "cancelled")


def generated() -> Iterator[dict[str, Any]]:
    """A graph like a lexical one: few types, few edges an entity. Edges come first, then their ends."""
    chance = random.Random(4)  # noqa: S311 - the same graph every time
    pairs: set[tuple[int, int]] = set()
    while len(pairs) < EDGES:
        pairs.add((chance.randrange(ENTITIES), chance.randrange(ENTITIES)))
    for source, target in sorted(pairs):
        yield {
            "kind": "relationship",
            "source_entity": {"external_id": f"s{source}", "source": "lexicon"},
            "target_entity_id": str(UUID(int=target + 1)),
            "relationship_type": f"_hypernym{(source + target) % 11}",
            "confidence": round(chance.random(), 3),
        }
    for number in range(ENTITIES):
        yield {
            "kind": "entity",
            "id": str(UUID(int=number + 1)),
            "external_id": f"s{number}",
            "source": "lexicon",
            "name": f"Synset {number}",
            "type": "synset",
            "metadata": {"gloss": "läßt 'x\"\\\n " + "y" * 40},
        }


def lines() -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in generated())


async def posted(client: httpx.AsyncClient, content: Any, **query: str) -> dict[str, Any]:
    reply = await client.post("/graph/import", content=content, params=query)
    assert reply.status_code == 202, reply.text
    data: dict[str, Any] = reply.json()["data"]
    assert reply.headers["location"] == f"/api/v1/graph/jobs/{data['id']}"
    return data


async def ended(client: httpx.AsyncClient, job_id: str, deployment: Deployment) -> dict[str, Any]:
    shown: dict[str, Any] = {}

    async def has_ended() -> bool:
        shown.update((await client.get(f"/graph/jobs/{job_id}")).json()["data"])
        return shown["status"] in ENDED

    await eventually(has_ended, f"the import to end:\n{deployment.logs()}", poll=0.1)
    return shown


async def test_a_consumer_killed_in_the_middle_of_an_import_leaves_no_row_twice_and_none_out(
    deployment: Deployment, ledger: Ledger
) -> None:
    async with deployment.client() as client:
        job = await posted(client, lines())
        kills = 0
        consumer = await deployment.consumer()
        for goal in (1, ENTITIES + 1, ENTITIES + 2_000):  # most of it is still to come at the last one

            async def got_there(goal: int = goal) -> bool:
                shown = (await client.get(f"/graph/jobs/{job['id']}")).json()["data"]
                assert shown["status"] in ("queued", "running"), shown
                return bool(shown["done"] >= goal)

            await eventually(got_there, f"{goal} rows:\n{deployment.logs()}", poll=0.005)
            consumer.kill()
            kills += 1
            consumer = await deployment.consumer()
        shown = await ended(client, job["id"], deployment)
        assert kills == 3
        assert (shown["status"], shown["done"], shown["total"]) == (
            "succeeded",
            ENTITIES + EDGES,
            ENTITIES + EDGES,
        )
        assert shown["result"] == {
            "entities": {"created": ENTITIES, "updated": 0, "unchanged": 0},
            "relationships": {"created": EDGES, "updated": 0, "unchanged": 0},
            "refused": 0,
            "warned": 0,
        }
    for table, expected in (("entities", ENTITIES), ("relationships", EDGES)):
        assert await ledger.number(f"select count(*) from backend_entities.{table}") == expected
    for kind, expected in (("entity.created", ENTITIES), ("relationship.created", EDGES)):
        told = f"select count(distinct subject) from backend_operations.events where type = '{kind}'"
        assert await ledger.number(told) == expected
        assert await ledger.number(told.replace("distinct subject", "*")) == expected
    assert await ledger.number("select count(*) from backend_entities.import_parts") == 0


async def test_refused_rows_can_be_downloaded(deployment: Deployment) -> None:
    await deployment.consumer()
    async with deployment.client() as client:
        good = json.dumps({"kind": "entity", "name": "Good", "type": "thing"})
        file = (
            f'{good}\n\n{{"kind": "entity"\n"text"\n'.encode()
            + b'\xff\xfe\n{"kind":"entity","type":"thing"}\n'
        )
        shown = await ended(client, (await posted(client, file))["id"], deployment)
        assert (shown["status"], shown["refused"]) == ("partial", 4)
        errors = await client.get(f"/graph/jobs/{shown['id']}/errors")
        found = [json.loads(line) for line in errors.text.splitlines()]
        assert [(each["place"], each["pointer"], each["code"]) for each in found] == [
            (3, "", "invalid"),
            (4, "", "invalid"),
            (5, "", "undecodable"),
            (6, "/name", "required"),
        ]
        again = await posted(client, file, on_error="abort")
        assert (await ended(client, again["id"], deployment))["status"] == "failed"
        assert len((await client.get("/entities")).json()["data"]) == 1


async def test_rows_are_held_to_the_schema_that_was_declared_meanwhile(deployment: Deployment) -> None:
    await deployment.consumer()
    file = b"".join(
        json.dumps({"kind": "entity", "name": f"E{n}", "type": "thing", "metadata": {"size": size}}).encode()
        + b"\n"
        for n, size in enumerate([1, "two", 3, None])
    )
    async with deployment.client() as client:
        first = await ended(client, (await posted(client, file))["id"], deployment)
        assert (first["status"], first["result"]["warned"]) == ("succeeded", 0)
        declared = {"metadata_schema": {"properties": {"size": {"type": "integer"}}}}
        made = await client.put("/graph/schema/entity-types/thing", json=declared)
        assert (made.status_code, made.json()["data"]["report"]["total"]) == (201, 2)
        wrong = [(2, "/metadata/size", "schema_type"), (4, "/metadata/size", "schema_type")]
        for enforcement, status, refused, listed in (
            ("warn", "succeeded", 0, "warnings"),
            ("enforce", "partial", 2, "errors"),
        ):
            chosen = await client.put(
                "/graph/schema/settings", json={"enforcement": enforcement}, params={"force": "true"}
            )
            assert chosen.status_code == 200
            shown = await ended(client, (await posted(client, file))["id"], deployment)
            assert (shown["status"], shown["refused"], shown["done"]) == (status, refused, 4)
            assert shown["result"]["warned"] == 2 - refused
            lines = (await client.get(f"/graph/jobs/{shown['id']}/{listed}")).text.splitlines()
            found = [json.loads(line) for line in lines]
            assert [(each["place"], each["pointer"], each["code"]) for each in found] == wrong
        before = (await client.get("/graph/stats")).json()["data"]
        shown = await ended(client, (await posted(client, file, on_error="abort"))["id"], deployment)
        assert (shown["status"], shown["refused"]) == ("failed", 2)
        assert (await client.get("/graph/stats")).json()["data"] == before


async def test_a_line_without_end_is_refused_and_what_came_before_it_stays(deployment: Deployment) -> None:
    await deployment.consumer()
    async with deployment.client() as client:
        good = json.dumps({"kind": "entity", "name": "Good", "type": "thing"}).encode()
        shown = await ended(client, (await posted(client, good + b"\n" + b"x" * 3_000_000))["id"], deployment)
        assert (shown["status"], shown["refused"]) == ("partial", 1)
        errors = (await client.get(f"/graph/jobs/{shown['id']}/errors")).json()
        assert (errors["place"], errors["code"]) == (2, "too_long")


async def test_what_is_not_there_in_full_is_not_accepted(deployment: Deployment, ledger: Ledger) -> None:
    async with deployment.client() as client:
        assert (await client.post("/graph/import", content=b"")).status_code == 422
        assert (await client.post("/graph/import", content=b" " * 8_000_001)).status_code == 413

        async def pieces(count: int) -> AsyncIterator[bytes]:
            for _ in range(count):
                yield b" " * 1_000_000
            if count < 8:
                raise ConnectionAbortedError

        assert (await client.post("/graph/import", content=pieces(9))).status_code == 413
        with pytest.raises(ConnectionAbortedError):
            await client.post("/graph/import", content=pieces(5))

        async def nothing_is_left() -> bool:
            return await ledger.number("select count(*) from backend_entities.imports") == 0

        await eventually(nothing_is_left, "the parts of broken uploads to go")
        assert (await client.get("/graph/jobs")).json()["data"] == []


async def test_the_same_key_twice_is_one_import(deployment: Deployment, ledger: Ledger) -> None:
    file = json.dumps({"kind": "entity", "name": "Once", "type": "thing"}).encode()
    async with deployment.client() as client:
        key = {"Idempotency-Key": "import-1"}
        first = await client.post("/graph/import", content=file, headers=key)
        second = await client.post("/graph/import", content=file, headers=key)
        assert second.json()["data"]["id"] == first.json()["data"]["id"]
        assert second.headers["idempotency-replayed"] == "true"
        other = await client.post("/graph/import", content=file + b"\n\n", headers=key)
        assert other.status_code == 422
        assert await ledger.number("select count(*) from backend_entities.imports") == 1


async def test_a_cancelled_import_stops(deployment: Deployment) -> None:
    async with deployment.client() as client:
        job = await posted(client, lines())
        cancelled = await client.post(f"/graph/jobs/{job['id']}/cancel")
        assert cancelled.json()["data"]["status"] == "cancelled"
        await deployment.consumer()
        later = await posted(client, b'{"kind":"entity","name":"Later","type":"thing"}')
        assert (await ended(client, later["id"], deployment))["status"] == "succeeded"
        names = [row["name"] for row in (await client.get("/entities")).json()["data"]]
        assert names == ["Later"]


async def test_two_imports_of_one_file_at_once_make_one_graph(deployment: Deployment) -> None:
    await deployment.consumer()
    async with deployment.client() as client:
        jobs = await asyncio.gather(*(posted(client, lines()) for _ in range(2)))
        shown = [await ended(client, job["id"], deployment) for job in jobs]
        assert {each["status"] for each in shown} <= {"succeeded"}
        made = [each["result"]["relationships"]["created"] for each in shown]
        assert sum(made) == EDGES
