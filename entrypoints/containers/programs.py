"""How programs come in: API keys, and the tickets of sockets."""

from dependency_injector import providers

from adapters.postgres.api_key_queries import PostgresApiKeyQueries
from adapters.system.random_text import random_text
from application.identity.create_api_key import CreateApiKey
from application.identity.issue_socket_ticket import IssueSocketTicket
from application.identity.revoke_api_key import RevokeApiKey
from entrypoints.containers.core import Core
from entrypoints.http.api_keys import ApiKeysOverHttp
from entrypoints.http.socket_tickets import SocketTicketsOverHttp


class Programs(Core):
    """Keys and tickets."""

    api_keys_over_http = providers.Singleton(
        ApiKeysOverHttp,
        create_api_key=providers.Singleton(
            CreateApiKey,
            start_work=Core.start_work,
            random_text=providers.Object(random_text),
            clock=Core.clock,
            ids=Core.ids,
        ),
        revoke_api_key=providers.Singleton(RevokeApiKey, Core.start_work, Core.clock),
        api_keys=providers.Singleton(PostgresApiKeyQueries, Core.database),
    )
    socket_tickets_over_http = providers.Singleton(
        SocketTicketsOverHttp,
        issue_socket_ticket=providers.Singleton(
            IssueSocketTicket, Core.start_work, providers.Object(random_text), Core.clock
        ),
    )
