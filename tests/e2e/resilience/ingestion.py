"""A client that keeps asking: what a program does that has been promised that repeating is harmless."""

import asyncio
import contextlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from uuid import uuid4

import httpx

from tests.e2e.resilience.corpus import Document
from tests.e2e.resilience.deployment import Deployment

# Worth asking again: nobody answers, the request may have been cut, or the server says so.
AGAIN = (409, 503)


@dataclass(slots=True)
class Ingestion:
    """What the API acknowledged, by title; `statuses` counts every answer, `cut` the missing ones."""

    acknowledged: dict[str, str] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    cut: int = 0
    unexplained: list[str] = field(default_factory=list)
    slowest: float = 0.0
    enough: bool = False
    logs: Callable[[], str] = str


async def ingest(
    deployment: Deployment,
    documents: Iterable[Document],
    done: Ingestion,
    *,
    senders: int = 4,
    pause: float = 0,
    within: float = 120,
) -> Ingestion:
    """Sends every document, each under one idempotency key, until it is acknowledged `within` seconds.

    `documents` may be without end, until `done.enough` is set; `pause` seconds pass between two of them.
    """
    remaining = iter(documents)
    done.logs = deployment.logs
    async with deployment.client() as client:

        async def send() -> None:
            for document in remaining:
                await until_acknowledged(client, document, done, time.monotonic() + within)
                if done.enough:
                    return
                await asyncio.sleep(pause)

        async with asyncio.TaskGroup() as group:
            for _ in range(senders):
                group.create_task(send())
    return done


async def until_acknowledged(
    client: httpx.AsyncClient, document: Document, done: Ingestion, deadline: float
) -> None:
    key = {"Idempotency-Key": uuid4().hex}
    while True:
        assert time.monotonic() < deadline, (
            f"{document['title']} was not acknowledged in time: {done.statuses}"
        )
        began = time.monotonic()
        try:
            reply = await client.post("/documents", json=document, headers=key)
        except httpx.TransportError:
            done.cut += 1
            await asyncio.sleep(0.02)
            continue
        finally:
            done.slowest = max(done.slowest, time.monotonic() - began)
        done.statuses[reply.status_code] += 1
        if reply.status_code in (200, 201):
            done.acknowledged[document["title"]] = reply.json()["data"]["id"]
            return
        note_refusal(reply, done)
        assert reply.status_code in AGAIN, f"{reply.text}\n{done.logs()}"
        await asyncio.sleep(0.02)


def note_refusal(reply: httpx.Response, done: Ingestion) -> None:
    """A refusal is a problem document that says which request it belongs to."""
    if reply.headers.get("content-type", "").startswith("application/problem+json"):
        with contextlib.suppress(json.JSONDecodeError):
            told = reply.json()
            if told["status"] == reply.status_code and told["request_id"]:
                return
    done.unexplained.append(f"{reply.status_code}: {reply.text[:200]}")


def has_taken(done: Ingestion, count: int) -> Callable[[], bool]:
    """Whether, from now on, so many documents more were acknowledged."""
    goal = len(done.acknowledged) + count
    return lambda: len(done.acknowledged) >= goal


def has_refused(done: Ingestion, count: int) -> Callable[[], bool]:
    """Whether, from now on, so many requests more were answered with 503."""
    goal = done.statuses[503] + count
    return lambda: done.statuses[503] >= goal
