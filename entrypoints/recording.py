"""Keeps the recorder of refused access going for as long as a process answers, and empties it at the end."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from http import HTTPStatus

import structlog

from application.operations.record_refusals import RecordRefusals
from application.shared.principal import Trace
from application.shared.refusals import Refusal, RefusalRecorder
from entrypoints.http.hypercorn_protocol.state import OnResponse, Scope

log = structlog.get_logger()


def tell(event: str, reason: str) -> None:
    """Says what the recorder cannot do."""
    log.warning(event, reason=reason or None)


def noting_oversized(recorder: RefusalRecorder, then: OnResponse) -> OnResponse:
    """Reports requests whose head the server refused to read to its end, such as a token of a megabyte. Who
    sent them is not known there."""

    def on_response(scope: Scope | None, status: int, sent: int, seconds: float) -> None:
        if status == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE:
            trace = Trace(request_id=os.urandom(16).hex())
            recorder.record(Refusal(reason="head_too_large", operation="*", trace=trace))
        then(scope, status, sent, seconds)

    return on_response


@contextlib.asynccontextmanager
async def recording(recorder: RecordRefusals) -> AsyncIterator[None]:
    """Whatever was refused inside the block is written by its end, unless the database is away."""
    task = asyncio.get_running_loop().create_task(_supervise(recorder))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        try:
            await recorder.drain()
        except Exception:
            log.exception("refusals_failed")


async def _supervise(recorder: RecordRefusals) -> None:
    while True:
        try:
            await recorder.run()
        except Exception:
            log.exception("refusals_failed")
