"""Who asks: accounts that have something of everything, and ids of what there is for requests to name."""

import re
import zlib
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from tests.e2e.api.client import Client, Contract
from tests.e2e.api.processes import Deployment
from tests.e2e.api.world import PASSWORD, Account, log_in, new_account, populate
from tests.servers.postgres import PostgresTestServer

# Asked about again after so many uses: what was there may have been deleted in the meantime.
USES: Final = 25
SECRETS: Final = {"password", "current_password"}


class Person:
    """One account that asks, as a user or an administrator; it comes back when a request has ended it."""

    def __init__(self, deployment: Deployment, server: PostgresTestServer, nobody: Client, role: str) -> None:
        self.role = role
        self.returns = 0
        self._deployment, self._server, self._nobody = deployment, server, nobody
        self._account = self._come()
        self._known: dict[str, tuple[int, list[str]]] = {}

    def token(self) -> str:
        """A token that is good, unless the last request has ended it."""
        return self._account.token

    def throw_away_token(self) -> str:
        """The token of an account nobody misses."""
        return new_account(self._nobody).token

    def refresh_token(self) -> str:
        """A refresh token that was not used yet."""
        issued: str = log_in(self._nobody, self._account.email)["refresh_token"]
        return issued

    def come_back(self) -> None:
        """Logs in again, or opens another account, after a request was refused that should not have been."""
        self.returns += 1
        reply = self._nobody.post("/auth/token", json={"email": self._account.email, "password": PASSWORD})
        if reply.status_code == 200:
            self._account.client.token = reply.json()["access_token"]
            if self._account.client.get("/auth/me").json()["data"]["role"] == self.role:
                return
        self._account = self._come()
        self._known.clear()

    def ids(self, collection: str) -> list[str]:
        """Ids of what the account sees in a list, without the session it speaks from and its own account."""
        uses, known = self._known.get(collection, (0, []))
        if uses % USES == 0:
            known = self._read(collection)
            if not known and collection == "/entities":
                populate(self._account)
                known = self._read(collection)
        self._known[collection] = (uses + 1, known)
        return known

    def _read(self, collection: str) -> list[str]:
        reply = self._account.client.get(collection, params={"limit": 20})
        rows = reply.json()["data"] if reply.status_code == 200 else []
        return [
            row["id"]
            for row in rows
            if isinstance(row.get("id"), str)
            and not row.get("current")
            and row["id"] != self._account.user_id
        ]

    def _come(self) -> Account:
        account = new_account(self._nobody)
        populate(account, with_identity=False)
        if self.role != "user":
            database = self._deployment.logins.runtime_url.rpartition("/")[2]
            self._server.execute(
                f"update backend_auth.users set role = '{self.role}' where id = '{account.user_id}'",
                dsn=self._server.database_dsn(database),
            )
            account.client.token = log_in(self._nobody, account.email)["access_token"]
        for _ in range(3):
            log_in(self._nobody, account.email)
        return account


class Namer:
    """Puts what there is in place of made-up values, every other time; decided by the values themselves."""

    def __init__(self, person: Person, contract: Contract) -> None:
        self._person = person
        self._collections = collections(contract.document)

    def named(self, values: Any) -> Any:
        """The same query, path or body with ids of things that exist, the right password, a good token."""
        if not isinstance(values, Mapping):
            return values
        return {name: self._value(str(name), value) for name, value in values.items()}

    def _value(self, name: str, value: Any) -> Any:
        if isinstance(value, list):
            return [self._value(name, each) for each in value]
        return self._text(name, value) if isinstance(value, str) else self.named(value)

    def _text(self, name: str, value: str) -> str:
        number = zlib.crc32(value.encode(errors="surrogatepass"))
        if number % 2:
            return value
        if name in SECRETS:
            return PASSWORD
        if name in ("refresh_token", "token") and len(value) > 2:
            return self._person.refresh_token()
        known = self._person.ids(self._collection(name)) if is_uuid(value) else []
        return known[number // 2 % len(known)] if known else value

    def _collection(self, name: str) -> str:
        singular = name.removesuffix("s")
        fitting = (path for known, path in self._collections.items() if singular.endswith(known))
        return next(fitting, "/entities")


def collections(document: Mapping[str, Any]) -> dict[str, str]:
    """The list each kind of id comes from: `entity_id` from `/entities`, when there is such a list."""
    found: dict[str, str] = {}
    for path in document["paths"]:
        for match in re.finditer(r"/\{([a-z_]*id)\}", path):
            before = path[: match.start()]
            if "{" not in before and "get" in document["paths"].get(before, {}):
                found.setdefault(match[1], before.removeprefix("/api/v1"))
    return found


def is_uuid(text: str) -> bool:
    """Whether this is how an id is written."""
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
