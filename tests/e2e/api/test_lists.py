"""Every list, walked page by page in every order it has."""

import httpx
import pytest

from tests.e2e.api.analytics import KINDS, compute
from tests.e2e.api.client import Client
from tests.e2e.api.world import (
    PASSWORD,
    Account,
    administrator,
    ended_import,
    entity_body,
    events_of,
    eventually,
    log_in,
    made,
    new_account,
    settle,
)


def make_merges(account: Account) -> None:
    for _ in range(3):
        twins = [made(account, "/entities", entity_body(account)) for _ in range(2)]
        made(account, "/entities/merge", {"target_id": twins[0], "source_ids": twins[1:]})


@pytest.fixture(scope="module")
def reader(nobody: Client) -> Account:
    """An account with at least three of everything that is listed."""
    account = new_account(nobody)
    mark = account.mark
    hub = made(account, "/entities", {"name": f"Hub {mark}", "type": "place"})
    for number in range(3):
        other = made(account, "/entities", {**entity_body(account), "name": f"Spoke {number}"})
        ends = {"source_entity_id": hub, "target_entity_id": other}
        made(account, "/relationships", {**ends, "relationship_type": "near"})
    make_merges(account)
    filler = " ".join(f"Sentence {n} says nothing of note about anybody." for n in range(80))
    names = "Ada Lovelace met Charles Babbage in London. Grace Hopper worked for Remington Rand in Boston. "
    texts = [names + filler + f" {n} Ada Lovelace wrote." for n in range(3)]
    job = account.client.post("/ai/extractions", json={"documents": [{"content": text} for text in texts]})
    assert job.status_code == 202
    for n in range(2):
        made(account, "/ai/extractions", {"text": f"Text {n} of {mark}."})
    for n in range(2):
        log_in(nobody, account.email)
        body = {"email": f"{mark}-{n}@example.org", "password": PASSWORD}
        assert nobody.post("/auth/register", json=body).status_code == 201
    for _ in range(3):
        ended_import(account)
    for n in range(3):
        made(account, "/auth/api-keys", {"name": f"Key {n}", "scopes": ["read"]})
    settle(account)
    documents = account.client.data("/documents?sort=created_at")
    long = max(documents, key=lambda each: each["size"])["id"]
    found = account.client.data(f"/documents/{long}/entities", params={"limit": 200})
    edges = account.client.data("/relationships")
    for number in range(3):
        for path in (f"/entities/{hub}", f"/relationships/{edges[0]['id']}"):
            assert account.client("PATCH", path, json={"source": f"{number}"}).status_code == 200
    for number in range(2):
        made(account, "/entities", {**entity_body(account), "name": f"Hermit {number}"})
    for kind in KINDS:
        compute(account, kind)
    account.ids |= {
        "entity_id": hub,
        "document_id": long,
        "job_id": job.json()["data"]["id"],
        "relationship_id": edges[0]["id"],
        "mentioned_id": next(each["id"] for each in found if each["name"] == "Ada Lovelace"),
    }
    return account


LISTS = {
    "/entities": (
        *("created_at", "-created_at", "updated_at", "name", "-name", "confidence"),
        *("pagerank", "-pagerank", "-degree", "betweenness"),
    ),
    "/relationships": ("created_at", "-created_at", "updated_at", "-confidence"),
    "/graph/analytics/pagerank": ("score", "-score"),
    "/graph/analytics/degree": ("score", "-score"),
    "/graph/analytics/betweenness": ("score", "-score"),
    "/graph/analytics/communities": ("number", "-number"),
    "/graph/analytics/components": ("number", "-number"),
    "/graph/jobs": ("created_at", "-created_at"),
    "/entities/merges": ("merged_at", "-merged_at"),
    "/documents": ("created_at", "-created_at", "title", "-title"),
    "/ai/jobs": ("created_at", "-created_at"),
    "/ai/jobs/{job_id}/items": (None,),
    "/documents/{document_id}/chunks": (None,),
    "/documents/{document_id}/entities": (None,),
    "/entities/{mentioned_id}/mentions": (None,),
    "/entities/{entity_id}/relationships": ("created_at", "-created_at", "-confidence"),
    "/entities/{entity_id}/history": ("version", "-version"),
    "/relationships/{relationship_id}/history": ("version", "-version"),
    "/auth/sessions": ("created_at", "-created_at"),
    "/auth/api-keys": ("created_at", "-created_at"),
    "/admin/users": ("created_at", "-created_at", "email", "-email"),
    "/audit-logs": ("occurred_at", "-occurred_at"),
    "/admin/audit-logs": ("occurred_at", "-occurred_at"),
}
# What narrows a list of everybody's things down to a few that stay as they are.
NARROWED = {"/admin/users": ("q", "mark"), "/admin/audit-logs": ("user_id", "user_id")}


def test_every_list_is_walked_by_these_tests(nobody: Client) -> None:
    documented = {
        path.removeprefix("/api/v1")
        for path, item in nobody.contract.document["paths"].items()
        for parameter in item.get("get", {}).get("parameters", ())
        if parameter["name"] == "cursor"
    }
    # Their pages are stretches of the graph, and may show few violations or proposals, or none.
    documented -= {"/graph/schema/violations", "/entities/duplicates"}
    assert {path.replace("mentioned_id", "entity_id") for path in LISTS} == documented


def identity(row: dict[str, object]) -> object:
    """What tells a row from the others of its list; versions and groups have their number."""
    return next(row[name] for name in ("id", "version", "number") if name in row)


@pytest.mark.parametrize("path", LISTS)
def test_pages_follow_one_another_without_gap_or_repetition(path: str, reader: Account) -> None:
    address = path.format(**reader.ids)
    client = administrator(reader.client) if path.startswith("/admin/") else reader.client
    parameter, attribute = NARROWED.get(path, ("", ""))
    narrowed = {parameter: getattr(reader, attribute)} if parameter else {}
    for sort in LISTS[path]:
        query: dict[str, int | str] = {"limit": 200, **narrowed}
        if sort:
            query["sort"] = sort
        whole = client.get(address, params=query)
        expected = [identity(row) for row in whole.json()["data"]]
        assert len(expected) >= 3, "too few for three pages"
        assert "next_cursor" not in whole.json()["meta"]
        assert "link" not in whole.headers
        url, walked, pages = f"{address}?{httpx.QueryParams({**query, 'limit': 1})}", [], 0
        while url:
            page = client.get(url)
            assert page.status_code == 200, page.text
            walked += [identity(row) for row in page.json()["data"]]
            pages += 1
            link = page.headers.get("link", "")
            cursor = page.json()["meta"].get("next_cursor")
            assert bool(link) == bool(cursor)
            url = link.partition(">")[0].removeprefix("<")
            assert not link or link.endswith('; rel="next"')
            assert not cursor or cursor in url
        assert walked == expected
        assert pages == len(expected)


def test_events_are_read_on_from_where_a_reading_ended(reader: Account) -> None:
    graph_jobs = len(reader.client.data("/graph/jobs", params={"limit": 200}))
    eventually(lambda: len(events_of(reader, "graph_job.finished")) == graph_jobs, "the last events are out")
    whole = reader.client.get("/events", params={"limit": 200}).json()
    walked, since, more = [], 0, True
    while more:
        page = reader.client.get("/events", params={"limit": 3, "since": since}).json()
        walked += [each["id"] for each in page["data"]]
        since, more = page["meta"]["position"], page["meta"]["more"]
    assert walked == [each["id"] for each in whole["data"]]
    assert len(walked) >= 9
    positions = [each["position"] for each in whole["data"]]
    assert positions == sorted(set(positions))
