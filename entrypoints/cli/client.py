"""The HTTP API as the command line uses it: logged in, patient with a busy server, errors in one line."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Any, Final, Self

import httpx

from entrypoints.cli.errors import CommandError
from entrypoints.cli.target import Target

PREFIX: Final = "/api/v1"
ATTEMPTS: Final = 6
BUSY: Final = frozenset({429, 502, 503, 504})
LONGEST_PAUSE: Final = 30.0
# A limit that lasts longer than this is told about rather than waited for.
LONGEST_WAIT: Final = 120.0


class Refused(CommandError):
    """The server said no; `status` is its number."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class ApiClient:
    """`async with ApiClient(target) as client`. Refusals are `CommandError`s."""

    def __init__(
        self, target: Target, *, transport: httpx.AsyncBaseTransport | None = None, first_pause: float = 0.5
    ) -> None:
        self._target = target
        self._token = target.token
        self._pause = first_pause
        self._answered = False
        self._login = asyncio.Lock()
        self._http = httpx.AsyncClient(
            base_url=target.url,
            transport=transport,
            timeout=httpx.Timeout(60, connect=5),
            limits=httpx.Limits(max_connections=32),
            # The environment's proxies are for the world outside, not for a server of one's own.
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def register(self) -> bool:
        """Opens the target's account; False when it was there already."""
        body = {"email": self._target.email, "password": self._target.password}
        response = await self._send("POST", "/auth/register", json=body)
        if response.status_code == 409:
            return False
        checked(response)
        return True

    async def accepted(self) -> bool:
        """Whether the target's account logs in with its password."""
        try:
            await self.token()
        except Refused as refusal:
            if refusal.status in (400, 401):
                return False
            raise
        return True

    async def token(self, *, fresh: bool = False) -> str:
        """An access token, a new one when the last was refused."""
        async with self._login:
            if not self._token or (fresh and not self._target.token):
                body = {"email": self._target.email, "password": self._target.password}
                response = checked(await self._send("POST", "/auth/token", json=body))
                self._token = str(response.json()["access_token"])
            return self._token

    async def call(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        params: Mapping[str, str | int] | None = None,
    ) -> httpx.Response:
        """One request as the target's account."""
        used = await self.token()
        response = await self._send(method, path, json=json, params=params, token=used)
        if response.status_code == 401:
            # Expired meanwhile, unless another task has already got a new one.
            used = await self.token(fresh=used == self._token)
            response = await self._send(method, path, json=json, params=params, token=used)
        return checked(response)

    async def get(self, path: str, params: Mapping[str, str | int] | None = None) -> object:
        """The `data` of a reply."""
        body = (await self.call("GET", path, params=params)).json()
        return body["data"]

    async def pages(
        self, path: str, params: Mapping[str, str | int] | None = None
    ) -> AsyncIterator[dict[str, object]]:
        """Every row of a list, page by page."""
        cursor: str | None = None
        while True:
            given: dict[str, str | int] = {"limit": 200, **(params or {})}
            if cursor:
                given["cursor"] = cursor
            body = (await self.call("GET", path, params=given)).json()
            for row in body["data"]:
                yield row
            cursor = body["meta"].get("next_cursor")
            if not cursor:
                return

    async def upload(
        self, path: str, content: AsyncIterator[bytes], params: Mapping[str, str]
    ) -> dict[str, Any]:
        """Sends a file as it is read, once: it may be too large to keep for another attempt."""
        headers = {"Authorization": f"Bearer {await self.token()}"}
        try:
            response = await self._http.post(
                PREFIX + path, content=content, params=params, headers=headers, timeout=httpx.Timeout(600)
            )
        except httpx.TransportError as error:
            raise self._unreachable(error) from error
        data: dict[str, Any] = checked(response).json()["data"]
        return data

    async def download(self, path: str, params: Mapping[str, str]) -> AsyncIterator[bytes]:
        """A file as it arrives. Raises for one that broke off."""
        headers = {"Authorization": f"Bearer {await self.token()}"}
        try:
            async with self._http.stream(
                "GET", PREFIX + path, params=params, headers=headers, timeout=httpx.Timeout(600)
            ) as response:
                if response.status_code >= 400:
                    await response.aread()
                    checked(response)
                async for chunk in response.aiter_bytes():
                    yield chunk
        except httpx.TransportError as error:
            raise self._unreachable(error) from error

    async def _send(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        params: Mapping[str, str | int] | None = None,
        token: str = "",
    ) -> httpx.Response:
        """Sent again while the server is busy or away: whatever the command line sends may arrive twice."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        pause = self._pause
        for attempt in range(1, ATTEMPTS + 1):
            last, asked = attempt == ATTEMPTS, 0.0
            try:
                response = await self._http.request(
                    method, PREFIX + path, json=json, params=params, headers=headers
                )
            except httpx.TransportError as error:
                if last or isinstance(error, httpx.UnsupportedProtocol):
                    raise self._unreachable(error) from error
                # A server that was there is starting again; one that never answered is probably not there.
                if isinstance(error, httpx.ConnectError) and attempt > 1 and not self._answered:
                    raise self._unreachable(error) from error
            else:
                self._answered = True
                asked = retry_after(response)
                if response.status_code not in BUSY or last or asked > LONGEST_WAIT:
                    return response
            await asyncio.sleep(max(min(pause, LONGEST_PAUSE), asked))
            pause *= 2
        raise RuntimeError("unreachable: the last attempt returns or raises")

    def _unreachable(self, error: httpx.TransportError) -> CommandError:
        said = str(error) or type(error).__name__
        return CommandError(f"{self._target.url} does not answer: {said}")


def retry_after(response: httpx.Response) -> float:
    """The seconds a busy server asks for; dates are not used by ours."""
    value = response.headers.get("Retry-After", "")
    return float(value) if value.isdecimal() else 0.0


def checked(response: httpx.Response) -> httpx.Response:
    """The response, unless it is a refusal: then the problem it describes (RFC 9457, or OAuth's own form)."""
    if response.status_code < 400:
        return response
    try:
        problem = response.json()
    except ValueError:
        problem = {}
    if not isinstance(problem, dict):
        problem = {}
    said = problem.get("detail") or problem.get("error_description") or problem.get("title")
    said = said or problem.get("error") or response.reason_phrase
    found = [f"{each.get('pointer')} {each.get('detail')}" for each in problem.get("errors") or []]
    path = response.request.url.path
    where = f"{response.request.method} {path}: " if response.status_code >= 500 else ""
    raise Refused(response.status_code, f"{where}{'; '.join([str(said), *found])} ({response.status_code})")
