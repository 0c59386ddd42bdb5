"""Sends documents to the API and follows each until its extraction is done."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from entrypoints.cli.client import ApiClient, Refused
from entrypoints.cli.documents import Draft, Failure
from entrypoints.cli.errors import CommandError

CONCURRENCY: Final = 8
POLL_SECONDS: Final = 0.25
LONGEST_POLL_SECONDS: Final = 5.0


@dataclass(slots=True, kw_only=True)
class Progress:
    """How far an ingestion is; `waiting` maps documents without their extraction to where they came from."""

    sent: int = 0
    created: int = 0
    duplicates: int = 0
    processed: int = 0
    waiting: dict[str, str] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)

    @property
    def ended(self) -> int:
        """Documents that need nothing more."""
        return self.processed + len(self.failures)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What an ingestion came to. Entities and relationships are those the graph has gained."""

    documents: int
    created: int
    duplicates: int
    processed: int
    failures: list[Failure]
    entities: int
    relationships: int
    seconds: float

    @property
    def documents_per_second(self) -> float:
        """From the first one sent to the last one extracted."""
        return round(self.documents / self.seconds, 1) if self.seconds else 0.0


@dataclass(frozen=True, slots=True)
class GraphSize:
    """What the graph holds."""

    entities: int
    relationships: int


class Ingestion:
    """`stall` is how many seconds may pass without any document being done before it gives up waiting."""

    def __init__(
        self,
        client: ApiClient,
        *,
        concurrency: int = CONCURRENCY,
        stall: float = 120.0,
        poll: float = POLL_SECONDS,
        on_progress: Callable[[Progress], None] = lambda _: None,
    ) -> None:
        self._client = client
        self._concurrency = concurrency
        self._stall = stall
        self._poll = poll
        self._on_progress = on_progress
        self._progress = Progress()

    async def run(self, drafts: Iterable[Draft | Failure], *, wait: bool = True) -> Summary:
        """Sends everything; with `wait`, returns when every document is in the graph or has failed."""
        before = await graph_size(self._client)
        started = time.monotonic()
        sending = asyncio.ensure_future(self._send_all(iter(drafts)))
        following = asyncio.ensure_future(self._follow(sending)) if wait else sending
        try:
            await asyncio.gather(sending, following)
        finally:
            for task in (sending, following):
                task.cancel()
            await asyncio.gather(sending, following, return_exceptions=True)
        seconds = time.monotonic() - started
        after = await graph_size(self._client)
        progress = self._progress
        return Summary(
            documents=progress.created + progress.duplicates,
            created=progress.created,
            duplicates=progress.duplicates,
            processed=progress.processed,
            failures=progress.failures,
            entities=after.entities - before.entities,
            relationships=after.relationships - before.relationships,
            seconds=round(seconds, 2),
        )

    async def _send_all(self, drafts: Iterator[Draft | Failure]) -> None:
        senders = [asyncio.ensure_future(self._send_some(drafts)) for _ in range(self._concurrency)]
        try:
            await asyncio.gather(*senders)
        finally:
            for sender in senders:
                sender.cancel()

    async def _send_some(self, drafts: Iterator[Draft | Failure]) -> None:
        # Every sender takes the next one from the same iterator, so a folder is never in memory at once.
        for draft in drafts:
            if isinstance(draft, Failure):
                self._progress.failures.append(draft)
            else:
                await self._send(draft)
            self._on_progress(self._progress)

    async def _send(self, draft: Draft) -> None:
        progress = self._progress
        try:
            response = await self._client.call("POST", "/documents", json=draft.body())
        except Refused as refusal:
            if refusal.status in (401, 403):
                raise
            progress.failures.append(Failure(origin=draft.origin, reason=str(refusal)))
            return
        finally:
            progress.sent += 1
        if response.status_code == 201:
            progress.created += 1
        else:
            progress.duplicates += 1
        document = response.json()["data"]
        self._note(str(document["id"]), str(document["status"]), draft.origin)

    def _note(self, document_id: str, status: str, origin: str) -> None:
        """Files a document under what became of it, once."""
        progress = self._progress
        if status == "pending":
            progress.waiting[document_id] = origin
        elif status == "failed":
            progress.failures.append(Failure(origin=origin, reason="its extraction failed"))
        else:
            progress.processed += 1

    async def _follow(self, sending: "asyncio.Future[None]") -> None:
        pause, changed = self._poll, time.monotonic()
        while not sending.done() or self._progress.waiting:
            if sending.done():
                await asyncio.sleep(pause)
            else:
                await asyncio.wait([sending], timeout=pause)
            known = dict(self._progress.waiting)
            if not known:
                continue
            asked = time.monotonic()
            if done := known.keys() - await self._with_status("pending"):
                # No longer pending: processed, failed, or deleted meanwhile by somebody else.
                failed = await self._with_status("failed")
                for document_id in done:
                    origin = self._progress.waiting.pop(document_id)
                    self._note(document_id, "failed" if document_id in failed else "processed", origin)
                changed = time.monotonic()
            self._on_progress(self._progress)
            # A long list is asked for less often: watching must not become the load.
            pause = min(max(self._poll, 4 * (time.monotonic() - asked)), LONGEST_POLL_SECONDS)
            if time.monotonic() - changed > self._stall:
                raise CommandError(
                    f"{len(self._progress.waiting)} documents wait for their extraction and none was done "
                    f"for {self._stall:.0f} s: is a `kgl consume` running? They are not lost"
                )

    async def _with_status(self, status: str) -> set[str]:
        return {str(row["id"]) async for row in self._client.pages("/documents", {"status": status})}


async def graph_size(client: ApiClient) -> GraphSize:
    """How many active entities and relationships there are."""
    stats = await client.get("/graph/stats")
    if not isinstance(stats, dict):
        raise CommandError("the server does not say how large the graph is")
    return GraphSize(int(stats["entities"]), int(stats["relationships"]))
