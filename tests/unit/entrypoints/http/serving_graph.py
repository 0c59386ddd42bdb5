"""Applications of the graph's operations on memory adapters, and one user's requests to them."""

import json
from typing import Any
from uuid import UUID

from quart import Quart
from werkzeug.datastructures import Headers

from adapters.memory.graph_queries import InMemoryEntityQueries, InMemoryRelationshipQueries
from adapters.system.clock import SystemClock
from application.graph.create_entity import CreateEntity
from application.graph.create_relationship import CreateRelationship
from application.graph.delete_entity import DeleteEntity
from application.graph.delete_relationship import DeleteRelationship
from application.graph.update_entity import UpdateEntity
from application.graph.update_relationship import UpdateRelationship
from application.shared.principal import Principal, Role, Trace
from domain.shared.ids import UserId
from entrypoints.http import entities, relationships
from entrypoints.http.app import create_app
from entrypoints.http.cursors import Cursors
from entrypoints.http.dispatch import Dispatcher
from entrypoints.http.operation import Operation
from tests.contract.systems import IDS, MemorySystem

API = "/api/v1"


def by_token(token: str, trace: Trace) -> Principal:
    """The token is the user's id."""
    return Principal(user_id=UserId(UUID(token)), role=Role.USER, trace=trace)


def things(system: MemorySystem) -> list[Operation[Any, Any]]:
    """What there is for entities and relationships alone."""
    clock, work = SystemClock(), system.start_work
    return [
        *entities.operations(
            entities.EntitiesOverHttp(
                create_entity=CreateEntity(work, clock, IDS),
                update_entity=UpdateEntity(work, clock),
                delete_entity=DeleteEntity(work, clock),
                queries=InMemoryEntityQueries(system.store),
            )
        ),
        *relationships.operations(
            relationships.RelationshipsOverHttp(
                create_relationship=CreateRelationship(work, clock, IDS),
                update_relationship=UpdateRelationship(work, clock),
                delete_relationship=DeleteRelationship(work, clock),
                queries=InMemoryRelationshipQueries(system.store),
            )
        ),
    ]


def served(operations: list[Operation[Any, Any]]) -> Quart:
    """An app of these operations."""
    dispatcher = Dispatcher(authenticate=by_token, cursors=Cursors(b"s" * 32), clock=SystemClock())
    return create_app(dispatcher, operations, version="0", max_body=1_000_000)


class Client:
    """One user's requests."""

    def __init__(self, app: Quart) -> None:
        self._client = app.test_client()
        self._token = str(IDS.new())

    async def __call__(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> tuple[int, Any, Headers]:
        sent = {"Authorization": f"Bearer {self._token}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = b"" if body is None else json.dumps(body).encode()
        if data:
            sent["Content-Type"] = "application/json"
        response = await self._client.open(  # type: ignore[call-arg]  # Quart's protocol forgets defaults
            API + path, method=method, headers=sent, data=data
        )
        text = await response.get_data(as_text=True)
        shown = await response.get_json(force=True) if text else None
        return response.status_code, shown, response.headers

    async def entity(self, name: str = "Ada", **more: object) -> str:
        status, shown, _ = await self("POST", "/entities", {"name": name, "type": "person", **more})
        assert status == 201, shown
        return str(shown["data"]["id"])

    async def edge(self, source: str, target: str) -> str:
        body = {"source_entity_id": source, "target_entity_id": target, "relationship_type": "knows"}
        status, shown, _ = await self("POST", "/relationships", body)
        assert status == 201, shown
        return str(shown["data"]["id"])
