"""A graph out of one account and into another, in every format, and many rows in one request."""

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.e2e.graph.test_import import ended, posted
from tests.e2e.resilience.deployment import Deployment
from tests.e2e.resilience.ledger import Ledger
from tests.e2e.resilience.polling import eventually

TOLD = {"version", "created_at", "updated_at"}


def entity(number: int, **more: Any) -> dict[str, Any]:
    given = {"aliases": [f"Nr. {number}", "=x"], "metadata": {"n": [number, None, "ü\n"]}, "confidence": 0.5}
    return {"name": f'Thing "{number}"\n', "type": "thing", "source": "here", **given, **more}


async def filled(client: httpx.AsyncClient) -> None:
    """Puts a graph with everything there is into an account."""
    made = await client.post(
        "/entities/bulk", json={"items": [entity(n, external_id=f"e{n}") for n in range(30)]}
    )
    assert made.json()["data"]["counts"] == {"created": 30, "updated": 0, "unchanged": 0, "refused": 0}
    ids = [row["id"] for row in made.json()["data"]["rows"]]
    edges = [
        {
            "source_entity_id": ids[n],
            "target_entity_id": ids[(n * 7 + 1) % 30],
            "relationship_type": "knows, well",
            "confidence": 0.125,
            "source_type": "guess",
            "metadata": {"w": n},
        }
        for n in range(30)
    ]
    made = await client.post("/relationships/bulk", json={"items": edges})
    assert made.json()["data"]["counts"]["created"] == 30
    assert (await client.delete(f"/entities/{ids[3]}")).status_code == 204


async def exported(client: httpx.AsyncClient, **query: str) -> httpx.Response:
    reply = await client.get("/graph/export", params=query)
    assert reply.status_code == 200, reply.text
    return reply


async def documents(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    """All there is, but for what every account has of its own."""
    text = (await exported(client, include_inactive="true")).text
    rows = [json.loads(line) for line in text.splitlines()]
    return [{name: value for name, value in row.items() if name not in TOLD} for row in rows]


async def another(deployment: Deployment) -> httpx.AsyncClient:
    await deployment.register()
    return deployment.client()


@pytest.mark.parametrize("format_", ["jsonl", "csv", "graphml", "turtle", "json-ld"])
async def test_a_graph_moves_from_one_account_to_another_without_loss(
    deployment: Deployment, format_: str
) -> None:
    await deployment.consumer()
    async with deployment.client() as client:
        await filled(client)
        before = await documents(client)
        file = (await exported(client, include_inactive="true", format=format_)).content
    async with await another(deployment) as other:
        shown = await ended(other, (await posted(other, file, format=format_))["id"], deployment)
        assert (shown["status"], shown["refused"]) == ("succeeded", 0)
        assert await documents(other) == before
        again = await ended(other, (await posted(other, file, format=format_))["id"], deployment)
        assert again["result"]["entities"] == {"created": 0, "updated": 0, "unchanged": 30}
        assert again["result"]["relationships"] == {"created": 0, "updated": 0, "unchanged": 30}


async def test_a_reader_that_leaves_gives_its_connection_back(deployment: Deployment, ledger: Ledger) -> None:
    async with deployment.client() as client:
        items = [{"name": f"Thing {n}", "type": "thing", "metadata": {"x": "y" * 5_000}} for n in range(700)]
        for _ in range(12):
            assert (await client.post("/entities/bulk", json={"items": items})).status_code == 200
        for _ in range(3):
            async with client.stream("GET", "/graph/export") as reply:
                assert reply.status_code == 200
                await anext(reply.aiter_bytes())

            async def nobody_reads() -> bool:
                held = "select count(*) from pg_stat_activity where state like 'idle in transaction%'"
                return await ledger.number(held + " and application_name = 'kgl'") == 0

            await eventually(nobody_reads, "the export's connection to be free")
        narrowed = await exported(client, type="nothing")
        assert narrowed.text == ""


async def test_many_rows_in_one_request_are_told_apart(deployment: Deployment, ledger: Ledger) -> None:
    async with deployment.client() as client:
        key = {"Idempotency-Key": "bulk-1"}
        items = [entity(1, external_id="a"), entity(2, confidence=7), entity(3, id="x", colour=1), entity(4)]
        first = await client.post("/entities/bulk", json={"items": items}, headers=key)
        data = first.json()["data"]
        assert [row["status"] for row in data["rows"]] == ["created", "refused", "refused", "created"]
        assert data["rows"][1]["errors"][0]["pointer"] == "/items/1/confidence"
        assert {each["pointer"] for each in data["rows"][2]["errors"]} == {"/items/2/id", "/items/2/colour"}
        second = await client.post("/entities/bulk", json={"items": items}, headers=key)
        assert second.json()["data"] == data
        assert await ledger.number("select count(*) from backend_entities.entities") == 2
        changed = await client.post("/entities/bulk", json={"items": [entity(5, external_id="a")]})
        assert changed.json()["data"]["rows"][0]["status"] == "updated"
        created = {"items": [entity(6, external_id="a")], "mode": "create"}
        refused = await client.post("/entities/bulk", json=created)
        assert refused.json()["data"]["rows"][0]["errors"][0]["code"] == "taken"
        nobody = {
            "source_entity_id": str(uuid4()),
            "target_entity_id": str(uuid4()),
            "relationship_type": "t",
        }
        unknown = await client.post("/relationships/bulk", json={"items": [nobody]})
        pointers = [each["pointer"] for each in unknown.json()["data"]["rows"][0]["errors"]]
        assert pointers == ["/items/0/source_entity_id", "/items/0/target_entity_id"]
        for count in (0, 10_001):
            reply = await client.post("/entities/bulk", json={"items": [{}] * count})
            assert (reply.status_code, reply.json()["errors"][0]["pointer"]) == (422, "/items")
