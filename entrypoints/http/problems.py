"""Refusals of the server itself, for requests that never reach the application, in the same words."""

import os

import msgspec

from entrypoints.http import errors

_BY_STATUS = {kind.status: kind for kind in reversed(errors.TABLE.values())}


def server_problem(status: int, detail: str) -> bytes:
    """A problem document for a request the server could not take."""
    kind = _BY_STATUS.get(status)
    shown = errors.Problem(
        type=f"{errors.PAGES}/{kind.slug}" if kind else "about:blank",
        title=kind.title if kind else "Refused",
        status=status,
        detail=detail,
        instance="/",
        request_id=os.urandom(16).hex(),
    )
    return msgspec.json.encode(shown)
