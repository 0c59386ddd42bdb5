"""What is computed about a whole graph, from the request through the consumer to sorted lists."""

from tests.e2e.api.analytics import KINDS, compute
from tests.e2e.api.client import Client
from tests.e2e.api.world import Account, entity_body, made, new_account


def star(account: Account, points: int = 4) -> tuple[str, list[str]]:
    """A hub that everything points to, and as many points; then a pair apart."""
    hub = made(account, "/entities", {**entity_body(account), "name": "Hub"})
    others = [
        made(account, "/entities", {**entity_body(account), "name": f"Point {n}"}) for n in range(points + 2)
    ]
    for source, target in [(other, hub) for other in others[:points]] + [(others[-2], others[-1])]:
        ends = {"source_entity_id": source, "target_entity_id": target}
        made(account, "/relationships", {**ends, "relationship_type": "near", "confidence": 0.5})
    return hub, others


def test_the_important_come_first_once_that_was_computed(nobody: Client) -> None:
    account = new_account(nobody)
    client = account.client
    hub, others = star(account)
    early = client.get("/graph/analytics/pagerank")
    assert early.status_code == 404
    assert "have it computed first" in early.json()["detail"]
    refused = client.get("/entities", params={"sort": "-pagerank"})
    assert refused.status_code == 422
    assert [(each["pointer"], each["code"]) for each in refused.json()["errors"]] == [
        ("/sort", "not_computed")
    ]
    job = compute(account, "pagerank")
    reply = client.get("/graph/analytics/pagerank", params={"limit": 200}).json()
    assert reply["data"][0]["id"] == hub
    assert {row["id"] for row in reply["data"]} == {hub, *others}
    assert abs(sum(row["score"] for row in reply["data"]) - 1) < 1e-6
    run = reply["meta"]["run"]
    assert (run["id"], run["kind"], run["entities"], run["relationships"]) == (job, "pagerank", 7, 5)
    assert run["parameters"]["damping"] == 0.85
    assert run["facts"]["peak_memory_bytes"] > 0
    newcomer = made(account, "/entities", entity_body(account))
    ranked = client.data("/entities?sort=-pagerank&limit=200")
    assert [row["id"] for row in ranked] == [row["id"] for row in reply["data"]]
    assert newcomer not in {row["id"] for row in ranked}
    best = reply["data"][0]["score"]
    assert [row["id"] for row in client.data(f"/entities?min_pagerank={best}")] == [hub]


def test_groups_are_listed_with_their_sizes_and_their_entities(nobody: Client) -> None:
    account = new_account(nobody)
    hub, others = star(account)
    for kind, one in (("components", "component"), ("communities", "community")):
        compute(account, kind)
        assert account.client.data(f"/graph/analytics/{kind}") == [
            {"number": 1, "size": 5},
            {"number": 2, "size": 2},
        ]
        pair = account.client.data(f"/entities?{one}=2")
        assert {row["id"] for row in pair} == set(others[-2:])
        assert hub in {row["id"] for row in account.client.data(f"/entities?{one}=1&limit=200")}


def test_only_the_relationships_asked_for_count(nobody: Client) -> None:
    account = new_account(nobody)
    star(account)
    for body in ({"relationship_types": ["far"]}, {"min_confidence": 0.75}):
        job = compute(account, "degree", **body)
        told = account.client.data(f"/graph/jobs/{job}")["parameters"]
        assert {name: told[name] for name in body} == body
        assert account.client.data("/graph/analytics/degree?limit=1")[0]["score"] == 0
    compute(account, "degree")
    assert account.client.data("/graph/analytics/degree?limit=1")[0]["score"] == 4


def test_every_kind_keeps_its_last_result_alone(nobody: Client) -> None:
    account = new_account(nobody)
    star(account)
    jobs = [compute(account, kind) for _ in range(2) for kind in KINDS]
    runs = account.client.data("/graph/analytics")
    assert sorted(run["kind"] for run in runs) == sorted(KINDS)
    assert {run["id"] for run in runs} == set(jobs[len(KINDS) :])
    assert [run["snapshot_at"] for run in runs] == sorted((run["snapshot_at"] for run in runs), reverse=True)


def test_a_repeated_request_is_one_job(nobody: Client) -> None:
    account = new_account(nobody)
    headers = {"Idempotency-Key": account.mark}
    first, again = (
        account.client.post("/graph/analytics/components", json={}, headers=headers) for _ in range(2)
    )
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["data"]["id"] == again.json()["data"]["id"]
    assert first.headers["location"] == f"/api/v1/graph/jobs/{first.json()['data']['id']}"
    other = account.client.post("/graph/analytics/components", json={"connection": "strong"}, headers=headers)
    assert other.status_code == 422


def test_what_cannot_be_computed_is_refused_with_the_reason(nobody: Client) -> None:
    client = new_account(nobody).client
    for path, body, pointer in (
        ("pagerank", {"damping": 1.5}, "/damping"),
        ("pagerank", {"resolution": 2}, "/resolution"),
        ("communities", {"seed": -1}, "/seed"),
        ("components", {"connection": "loose"}, "/connection"),
        ("betweenness", {"samples": 0}, "/samples"),
        ("degree", {"relationship_types": []}, "/relationship_types"),
    ):
        reply = client.post(f"/graph/analytics/{path}", json=body)
        assert reply.status_code == 422, reply.text
        assert [each["pointer"] for each in reply.json()["errors"]] == [pointer]
    assert client.post("/graph/analytics/eigenvector", json={}).status_code in (404, 405)
    assert client.get("/entities", params={"community": 10**40}).status_code == 422
