"""Documents, extraction and search as a client meets them, from the routes down to Postgres."""

from collections.abc import AsyncIterator, Sequence
from io import BytesIO
from typing import Any

import pytest
from quart import Quart
from quart import typing as quart_typing
from quart.datastructures import FileStorage

from adapters.postgres.engine import Database, PoolSettings
from adapters.postgres.provision import Logins
from adapters.security.passwords import BcryptPasswordHasher
from application.shared.messages import Message
from application.shared.principal import Principal, Trace
from entrypoints.consumer.handlers import handlers
from entrypoints.container import Container
from entrypoints.http import documents, extraction, search
from entrypoints.http.cursors import Cursors
from entrypoints.http.dispatch import Dispatcher
from entrypoints.http.edge import Edge
from entrypoints.http.routing import install
from entrypoints.settings import Settings
from tests.contract.systems import PostgresSystem, principal

TEXT = "Ada Lovelace was born in London. She worked for Charles Babbage."


class Client:
    """A logged-in client, and the consumer behind the API."""

    def __init__(self, http: quart_typing.TestClientProtocol, container: Container) -> None:
        self.http = http
        self.container = container
        self._seen = 0

    async def call(self, method: str, path: str, **more: Any) -> tuple[int, Any]:
        headers = {"Authorization": "Bearer x", **more.pop("headers", {})}
        response = await self.http.open("/api/v1" + path, method=method, headers=headers, **more)
        return response.status_code, await response.get_json()

    async def upload(self, name: str, content: bytes, **form: str) -> tuple[int, Any]:
        file = FileStorage(BytesIO(content), filename=name, content_type=form.pop("type", "text/plain"))
        return await self.call("POST", "/documents/upload", form=form, files={"file": file})

    async def consume(self) -> None:
        """Hands every message to its handler, twice, until none is left."""
        by_topic = {s.topics[0]: handler for s, handler in handlers(self.container)}
        while messages := await self._messages():
            for message in messages:
                if handler := by_topic.get(message.type):
                    await handler(message)
                    await handler(message)

    async def _messages(self) -> Sequence[Message]:
        async with self.container.outbox().lead() as lease:
            await lease.assign_positions(1000)
            messages = await lease.unpublished(10_000)
        fresh, self._seen = messages[self._seen :], len(messages)
        return fresh


@pytest.fixture
async def client(migrated_database: Logins) -> AsyncIterator[Client]:
    settings = Settings(max_document_characters=2000, max_body_size=4096, jwt_secret="s" * 32)
    async with Database(migrated_database.runtime_url, PoolSettings(max_size=3)) as database:
        user = await PostgresSystem(database).new_user()

        def authenticate(token: str, trace: Trace) -> Principal:
            return principal(user)

        container = Container(
            settings=settings, database=database, wake=lambda: None, hasher=BcryptPasswordHasher(cost=4)
        )
        app = Quart(__name__)
        operations = [
            *documents.operations(container.documents_over_http()),
            *search.operations(container.search_over_http()),
            *extraction.operations(container.extraction_over_http()),
        ]
        dispatcher = Dispatcher(
            authenticate=authenticate, cursors=Cursors(b"secret"), clock=container.clock()
        )
        install(app, dispatcher, operations, Edge(()))
        yield Client(app.test_client(), container)


async def test_a_document_goes_in_and_a_graph_comes_out(client: Client) -> None:
    status, body = await client.call("POST", "/documents", json={"content": TEXT, "tags": ["x"]})
    assert (status, body["data"]["status"], body["data"]["size"]) == (201, "pending", len(TEXT))
    status, again = await client.call("POST", "/documents", json={"content": TEXT})
    assert (status, again["data"]["id"]) == (200, body["data"]["id"])
    await client.consume()

    path = f"/documents/{body['data']['id']}"
    status, shown = await client.call("GET", path)
    assert (status, shown["data"]["status"], shown["data"]["content"]) == (200, "processed", TEXT)
    _, chunks = await client.call("GET", path + "/chunks?limit=1")
    assert chunks["data"][0]["content"] == TEXT
    _, entities = await client.call("GET", path + "/entities?limit=2")
    assert len(entities["data"]) == 2
    cursor = entities["meta"]["next_cursor"]
    _, rest = await client.call("GET", path + "/entities", query_string={"limit": "2", "cursor": cursor})
    names = {e["name"]: e["id"] for e in [*entities["data"], *rest["data"]]}
    assert "Ada Lovelace" in names
    _, mentions = await client.call("GET", f"/entities/{names['Ada Lovelace']}/mentions")
    first = mentions["data"][0]
    assert TEXT[first["start_offset"] : first["end_offset"]] == first["text"]

    _, jobs = await client.call("GET", "/ai/jobs?status=succeeded")
    assert [job["total"] for job in jobs["data"]] == [1]
    _, found = await client.call("GET", "/search?q=lovelace&kinds=entities,documents")
    assert {r["kind"] for r in found["data"]} == {"entity", "document"}
    _, hits = await client.call(
        "POST", "/vector-chunks/search", json={"query": "born in London", "filter": {"tags": ["x"]}}
    )
    assert hits["data"][0]["document_id"] == body["data"]["id"]
    assert (await client.call("DELETE", path))[0] == 204
    assert (await client.call("GET", path))[0] == 404
    assert (await client.call("GET", "/search?q=lovelace"))[1]["data"] == []


async def test_uploads_text_and_markdown(client: Client) -> None:
    content = b"\xef\xbb\xbf# Ada\n\nShe wrote."
    status, body = await client.upload(
        "ada.md", content, tags="a,b", metadata='{"n": 1}', type="text/markdown"
    )
    data = body["data"]
    assert (status, data["title"], data["media_type"]) == (201, "Ada", "text/markdown")
    assert (data["tags"], data["metadata"]) == (["a", "b"], {"n": 1})
    assert (data["source"], data["source_type"]) == ("ada.md", "upload")
    assert (await client.upload("other.md", content))[0] == 200


async def test_refuses_uploads_with_the_right_status(client: Client) -> None:
    assert (await client.upload("a.txt", b"\xff\xfe\xfd"))[0] == 422
    assert (await client.upload("a.txt", b"a\x00b"))[0] == 422
    assert (await client.upload("a.txt", b""))[0] == 422
    assert (await client.upload("a.pdf", b"%PDF", type="application/pdf"))[0] == 415
    assert (await client.upload("a.txt", b"a" * 3000))[0] == 413
    assert (await client.upload("a.txt", b"a" * 9000))[0] == 413
    assert (await client.upload("a.txt", b"a", metadata="[1]"))[0] == 422
    assert (await client.upload("a.txt", b"a", colour="red"))[0] == 422
    assert (await client.call("POST", "/documents/upload", json={}))[0] == 415
    multipart = {"Content-Type": "multipart/form-data; boundary=b"}
    for broken in (b"", b"--b", b"--b\r\n\r\n", b"--b--\r\n", b"x" * 100):
        status, _ = await client.call("POST", "/documents/upload", data=broken, headers=multipart)
        assert status in (400, 422)
    nameless = {"Content-Type": "multipart/form-data"}
    assert (await client.call("POST", "/documents/upload", data=b"x", headers=nameless))[0] == 400


async def test_asks_for_extractions_of_text_and_watches_them(client: Client) -> None:
    status, body = await client.call("POST", "/ai/extractions", json={"text": TEXT, "types": ["person"]})
    assert (status, body["data"]["status"]) == (202, "queued")
    assert body["data"]["options"] == {"extractor": None, "types": ["person"], "min_confidence": 0.0}
    path = f"/ai/jobs/{body['data']['id']}"
    await client.consume()
    assert (await client.call("GET", path))[1]["data"]["status"] == "succeeded"
    _, items = await client.call("GET", path + "/items")
    assert [(i["status"], i["attempts"], i["error"]) for i in items["data"]] == [("succeeded", 1, None)]
    assert items["data"][0]["left_out"] == {"entities": 0, "relationships": 0, "reasons": []}
    assert items["data"][0]["entities"] > 0
    assert (await client.call("POST", path + "/cancel"))[0] == 409
    assert (await client.call("POST", path + "/retry"))[0] == 409


async def test_refuses_extractions_that_make_no_sense(client: Client) -> None:
    for wrong, pointer in (
        ({}, ""),
        ({"text": "a", "documents": [{"content": "b"}]}, ""),
        ({"text": " "}, "/text"),
        ({"documents": [{"content": "b"}, {"content": ""}]}, "/documents/1/content"),
        ({"document_ids": []}, "/document_ids"),
        ({"document_ids": ["00000000-0000-0000-0000-000000000000"]}, "/document_ids"),
        ({"text": "a", "extractor": "none"}, "/extractor"),
        ({"text": "a", "min_confidence": 2}, "/min_confidence"),
        ({"text": "a", "colour": "red"}, "/colour"),
    ):
        status, body = await client.call("POST", "/ai/extractions", json=wrong)
        assert (status, [e["pointer"] for e in body["errors"]]) == (422, [pointer])
    assert (await client.call("POST", "/ai/extractions", json={"text": "a" * 3000}))[0] == 413
    assert (await client.call("GET", "/documents"))[1]["data"] == []


async def test_a_repeated_request_is_carried_out_once(client: Client) -> None:
    for path, body in (("/ai/extractions", {"text": "Ada."}), ("/documents", {"content": "Bob."})):
        headers = {"Idempotency-Key": path}
        first = await client.call("POST", path, json=body, headers=headers)
        again = await client.call("POST", path, json=body, headers=headers)
        assert first[1]["data"] == again[1]["data"]
    assert len((await client.call("GET", "/ai/jobs"))[1]["data"]) == 1


async def test_names_the_providers(client: Client) -> None:
    _, body = await client.call("GET", "/ai/providers")
    assert [(p["kind"], p["name"], p["reachable"], p["dimension"]) for p in body["data"]] == [
        ("extractor", "builtin", True, None),
        ("embedder", "hashing-384", True, 384),
    ]


async def test_what_is_not_there_is_not_found(client: Client) -> None:
    nobody = "00000000-0000-0000-0000-000000000000"
    for path in (
        f"/documents/{nobody}",
        "/documents/none",
        f"/documents/{nobody}/chunks",
        f"/documents/{nobody}/entities",
        f"/entities/{nobody}/mentions",
        f"/ai/jobs/{nobody}",
        f"/ai/jobs/{nobody}/items",
    ):
        assert (await client.call("GET", path))[0] == 404
    for path in (f"/ai/jobs/{nobody}/cancel", f"/ai/jobs/{nobody}/retry"):
        assert (await client.call("POST", path))[0] == 404
    assert (await client.call("DELETE", f"/documents/{nobody}"))[0] == 404
