"""Tickets for sockets: a browser cannot send a token with the handshake, and must not in the URL."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from application.identity.issue_socket_ticket import (
    IssueSocketTicket,
    IssueSocketTicketCommand,
    SocketTicketView,
)
from application.shared.permissions import Permission
from entrypoints.http.operation import Call, NoQuery, Operation, Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketTicketsOverHttp:
    """The use case this operation calls."""

    issue_socket_ticket: IssueSocketTicket

    async def issue(self, call: Call[None, NoQuery]) -> Reply:
        view = await self.issue_socket_ticket(IssueSocketTicketCommand(principal=call.principal))
        return Reply(data=view, headers={"Cache-Control": "no-store"})


def operations(tickets: SocketTicketsOverHttp) -> Sequence[Operation[Any, Any]]:
    """One."""
    return [
        Operation(
            method="POST",
            path="/auth/ws-ticket",
            handler=tickets.issue,
            summary="Get a ticket for one socket",
            tag="auth",
            permission=Permission.EVENTS_READ,
            reply=SocketTicketView,
            description=(
                "Open `/api/v1/ws?ticket=...` with it within 30 seconds, once. The socket is authenticated "
                "as whoever asked for the ticket, with the same scopes, and ends with the token in use here."
            ),
        )
    ]
