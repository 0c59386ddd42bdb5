"""The graph's operations over HTTP, on memory adapters: statuses, headers, pointers, and what is hidden."""

from datetime import UTC, datetime

import pytest
from quart import Quart

from adapters.memory.graph_queries import InMemoryEntityQueries, InMemoryRelationshipQueries
from adapters.memory.graph_traversal import InMemoryGraphQueries
from application.graph.list_relationships_of_entity import ListRelationshipsOfEntity
from entrypoints.http import graph
from tests.contract.systems import MemorySystem
from tests.unit.entrypoints.http.serving_graph import API, Client, served, things

ENTITY_FIELDS = (
    "id name type confidence source source_type external_id metadata aliases is_active version created_at "
    "updated_at"
)
RELATIONSHIP_FIELDS = (
    "id source_entity_id target_entity_id relationship_type confidence source source_type external_id "
    "metadata is_active version created_at updated_at"
)
UNKNOWN = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def app() -> Quart:
    system = MemorySystem()
    ends = InMemoryEntityQueries(system.store), InMemoryRelationshipQueries(system.store)
    operations = [
        *things(system),
        *graph.operations(
            graph.GraphOverHttp(
                queries=InMemoryGraphQueries(system.store),
                relationships_of_entity=ListRelationshipsOfEntity(*ends),
            )
        ),
    ]
    return served(operations)


@pytest.fixture
def client(app: Quart) -> Client:
    return Client(app)


async def test_creates_and_shows_an_entity_with_exactly_the_documented_fields(client: Client) -> None:
    status, shown, headers = await client("POST", "/entities", {"name": "Ada", "type": "person"})
    assert (status, headers["ETag"]) == (201, '"1"')
    assert headers["Location"] == f"{API}/entities/{shown['data']['id']}"
    assert " ".join(shown["data"]) == ENTITY_FIELDS
    again = await client("GET", f"/entities/{shown['data']['id']}")
    assert (again[0], again[1]["data"], again[2]["ETag"]) == (200, shown["data"], '"1"')
    unchanged = await client("GET", f"/entities/{shown['data']['id']}", If_None_Match='"1"')
    assert unchanged[0] == 304
    assert datetime.fromisoformat(shown["data"]["created_at"]).tzinfo == UTC


async def test_shows_a_relationship_with_exactly_the_documented_fields(client: Client) -> None:
    edge = await client.edge(await client.entity("A"), await client.entity("B"))
    _, shown, _ = await client("GET", f"/relationships/{edge}")
    assert " ".join(shown["data"]) == RELATIONSHIP_FIELDS


async def test_a_repeated_idempotency_key_has_one_effect(client: Client) -> None:
    body = {"name": "Ada", "type": "person"}
    first = await client("POST", "/entities", body, Idempotency_Key="k")
    again = await client("POST", "/entities", body, Idempotency_Key="k")
    assert (again[0], again[1]["data"], again[2]["Location"]) == (201, first[1]["data"], first[2]["Location"])
    assert again[2]["Idempotency-Replayed"] == "true"
    other = await client("POST", "/entities", body | {"name": "B"}, Idempotency_Key="k")
    assert other[0] == 422
    assert len((await client("GET", "/entities"))[1]["data"]) == 1


async def test_changes_only_the_version_that_was_read(client: Client) -> None:
    path = f"/entities/{await client.entity(metadata={'a': 1, 'b': 2})}"
    status, shown, headers = await client("PATCH", path, {"metadata": {"a": None}}, If_Match='"1"')
    assert (status, shown["data"]["metadata"], headers["ETag"]) == (200, {"b": 2}, '"2"')
    assert (await client("PATCH", path, {"name": "B"}, If_Match='"1"'))[0] == 412
    assert (await client("PUT", path, {"name": "B", "type": "t"}, If_Match='"1"'))[0] == 412
    assert (await client("DELETE", path, If_Match='"1"'))[0] == 412
    status, shown, _ = await client("PUT", path, {"name": "B", "type": "t"}, If_Match='"2"')
    assert (status, shown["data"]["metadata"], shown["data"]["version"]) == (200, {}, 3)
    assert (await client("DELETE", path, If_Match='"3"'))[:2] == (204, None)
    assert (await client("GET", path))[0] == 404
    assert (await client("DELETE", path))[0] == 404


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"type": "person"}, "/name"),
        ({"name": "", "type": "person"}, "/name"),
        ({"name": 5, "type": "person"}, "/name"),
        ({"name": "a", "type": "b", "confidence": 2}, "/confidence"),
        ({"name": "a", "type": "b", "id": UNKNOWN}, "/id"),
        ({"name": "a", "type": "b", "metadata": []}, "/metadata"),
        ({"name": "a", "type": "b", "aliases": ["x" * 501]}, "/aliases/0"),
        ({"name": "a", "type": "b", "metadata": {"a": "b" * 70_000}}, "/metadata"),
    ],
)
async def test_points_at_what_is_wrong(client: Client, body: dict[str, object], pointer: str) -> None:
    status, shown, _ = await client("POST", "/entities", body)
    assert (status, [error["pointer"] for error in shown["errors"]]) == (422, [pointer])
    assert (await client("GET", "/entities"))[1]["data"] == []


async def test_points_at_ends_that_are_not_there_and_refuses_a_second_edge(client: Client) -> None:
    a, b = await client.entity("A"), await client.entity("B")
    body = {"source_entity_id": UNKNOWN, "target_entity_id": b, "relationship_type": "knows"}
    status, shown, _ = await client("POST", "/relationships", body)
    assert (status, [error["pointer"] for error in shown["errors"]]) == (422, ["/source_entity_id"])
    await client.edge(a, b)
    assert (await client("POST", "/relationships", body | {"source_entity_id": a}))[0] == 409


async def test_pages_and_filters_lists(client: Client) -> None:
    for number in range(5):
        await client.entity(f"name {number}", metadata={"half": number // 2})
    status, shown, headers = await client("GET", "/entities?limit=2&sort=name")
    assert (status, [row["name"] for row in shown["data"]]) == (200, ["name 0", "name 1"])
    following = headers["Link"].partition(">")[0].strip("<").removeprefix(API)
    _, shown, _ = await client("GET", following)
    assert [row["name"] for row in shown["data"]] == ["name 2", "name 3"]
    for query in ("metadata.half=2", "q=4", "q=NAME%204&type=person&min_confidence=1"):
        assert [row["name"] for row in (await client("GET", f"/entities?{query}"))[1]["data"]] == ["name 4"]
    for query, pointer in {
        "sort=id": "/sort",
        "limit=0": "/limit",
        "unknown=1": "/unknown",
        "created_after=2026-01-01": "/created_after",
        "created_after=2026-01-01T00:00:00": "/created_after",
        "min_confidence=x": "/min_confidence",
        "cursor=abc": "/cursor",
    }.items():
        status, shown, _ = await client("GET", f"/entities?{query}")
        assert (status, [error["pointer"] for error in shown["errors"]]) == (422, [pointer]), query


async def test_walks_and_counts(client: Client) -> None:
    a, b, c = [await client.entity(name) for name in "abc"]
    edges = [await client.edge(a, b), await client.edge(c, b)]
    _, shown, _ = await client("GET", f"/entities/{a}/neighborhood?depth=2&types=knows")
    assert [(entity["name"], entity["depth"]) for entity in shown["data"]["entities"]] == [
        ("a", 0),
        ("b", 1),
        ("c", 2),
    ]
    assert sorted(edge["id"] for edge in shown["data"]["relationships"]) == sorted(edges)
    assert (shown["data"]["truncated"], shown["data"]["limits_reached"]) == (False, [])
    _, shown, _ = await client(
        "GET", f"/entities/{b}/neighborhood?direction=in&fan_out=1&max_relationships=1&entity_types=person"
    )
    assert shown["data"]["limits_reached"] == ["fan_out"]
    assert len(shown["data"]["entities"]) == 2
    _, shown, _ = await client("GET", f"/graph/paths?source={a}&target={c}&direction=out")
    assert (shown["data"]["length"], shown["data"]["paths"]) == (None, [])
    _, shown, _ = await client("GET", f"/graph/paths?source={a}&target={c}&weight=confidence")
    assert [path["confidence"] for path in shown["data"]["paths"]] == [1.0]
    _, shown, _ = await client("GET", f"/graph/paths?source={a}&target={c}")
    assert (shown["data"]["length"], shown["data"]["truncated"]) == (2, False)
    assert [edge["id"] for edge in shown["data"]["paths"][0]["relationships"]] == edges
    _, shown, _ = await client("GET", "/graph/stats")
    assert shown["data"] == {
        "entities": 3,
        "relationships": 2,
        "entity_types": {"person": 3},
        "relationship_types": {"knows": 2},
        "degrees": [
            {"minimum": 0, "maximum": 0, "entities": 0},
            {"minimum": 1, "maximum": 1, "entities": 2},
            {"minimum": 2, "maximum": 3, "entities": 1},
        ],
        "degrees_counted": 3,
    }
    _, shown, _ = await client("GET", f"/graph/common-neighbors?source={a}&target={c}&types=knows")
    assert [
        (found["entity"]["name"], [edge["id"] for edge in found["relationships"]])
        for found in shown["data"]["neighbors"]
    ] == [("b", edges)]
    assert shown["data"]["truncated"] is False
    _, shown, _ = await client("GET", f"/entities/{b}/relationships?limit=1")
    assert [edge["id"] for edge in shown["data"]] == edges[1:]
    for path, pointer in {
        f"/entities/{a}/neighborhood?depth=6": "/depth",
        f"/entities/{a}/neighborhood?direction=up": "/direction",
        f"/entities/{a}/neighborhood?fan_out=0": "/fan_out",
        f"/entities/{a}/neighborhood?max_relationships=50001": "/max_relationships",
        f"/graph/paths?source={a}&target=x": "/target",
        f"/graph/paths?source={a}&target={b}&weight=length": "/weight",
        f"/graph/paths?source={a}&target={b}&max_visited=0": "/max_visited",
        f"/graph/common-neighbors?source={a}&target={a}": "/target",
        f"/graph/common-neighbors?source={a}&target={b}&limit=201": "/limit",
    }.items():
        status, shown, _ = await client("GET", path)
        assert (status, [error["pointer"] for error in shown["errors"]]) == (422, [pointer]), path


async def test_hides_everything_from_others_and_from_nobody(app: Quart, client: Client) -> None:
    a, b = await client.entity("A"), await client.entity("B")
    edge = await client.edge(a, b)
    stranger = Client(app)
    calls: list[tuple[str, str, object]] = [
        ("GET", f"/entities/{a}", None),
        ("PUT", f"/entities/{a}", {"name": "x", "type": "y"}),
        ("PATCH", f"/entities/{a}", {"name": "x"}),
        ("DELETE", f"/entities/{a}", None),
        ("GET", f"/entities/{a}/relationships", None),
        ("GET", f"/entities/{a}/neighborhood", None),
        ("GET", f"/graph/paths?source={a}&target={b}", None),
        ("GET", f"/graph/paths?source={a}&target={b}&weight=confidence", None),
        ("GET", f"/graph/common-neighbors?source={a}&target={b}", None),
        ("GET", f"/relationships/{edge}", None),
        ("PATCH", f"/relationships/{edge}", {"confidence": 0}),
        ("DELETE", f"/relationships/{edge}", None),
    ]
    for method, path, body in calls:
        assert (await stranger(method, path, body))[0] == 404, (method, path)
        assert (await client(method, path, body, Authorization=""))[0] == 401, (method, path)
    for path in ("/entities?include_inactive=true", f"/relationships?entity_id={a}"):
        assert (await stranger("GET", path))[1]["data"] == []
    assert (await client("GET", f"/relationships/{edge}"))[1]["data"]["version"] == 1
