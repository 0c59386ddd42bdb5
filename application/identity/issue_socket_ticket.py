"""Gives whoever is authenticated a ticket for one socket, for pages that cannot send a token with it."""

from dataclasses import dataclass, field
from datetime import datetime

from application.identity.api_key_ports import ApiKeyUnitOfWork, RandomText
from application.identity.create_api_key import secret_hash
from application.shared.ports import Clock, StartWork
from application.shared.principal import Principal
from domain.identity.api_key import TICKET_LIFE, SocketTicket

LENGTH = 43  # 256 bits


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueSocketTicketCommand:
    principal: Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketTicketView:
    """A ticket as the API shows it, once."""

    ticket: str = field(repr=False)
    expires_at: datetime


class IssueSocketTicket:
    """The socket has the identity and the scopes of the token or key that asked, and ends when it does."""

    def __init__(
        self, start_work: StartWork[ApiKeyUnitOfWork], random_text: RandomText, clock: Clock
    ) -> None:
        self._start_work = start_work
        self._random_text = random_text
        self._clock = clock

    async def __call__(self, command: IssueSocketTicketCommand) -> SocketTicketView:
        principal, now = command.principal, self._clock.now()
        text = self._random_text(LENGTH)
        ticket = SocketTicket(
            user_id=principal.user_id,
            ticket_hash=secret_hash(text),
            session_id=principal.session_id,
            api_key_id=principal.api_key_id,
            scopes=principal.scopes,
            ends_at=principal.expires_at,
            expires_at=now + TICKET_LIFE,
        )
        async with self._start_work(principal) as work:
            await work.socket_tickets.add(ticket, now)
            await work.commit()
        return SocketTicketView(ticket=text, expires_at=ticket.expires_at)
