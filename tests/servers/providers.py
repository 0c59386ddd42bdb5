"""OpenAI and Hugging Face as far as a credential is checked there, with the moods they can be in."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

# What a token must begin with to be accepted; a mood behind it decides what happens instead.
GOOD: Final = {"/v1/models": "sk-good", "/api/whoami-v2": "hf_good"}
REPLIES: Final = {
    "/v1/models": {"object": "list", "data": [{"id": "gpt", "object": "model", "owned_by": "openai"}]},
    "/api/whoami-v2": {"type": "user", "name": "ada", "auth": {"type": "access_token"}},
}
REFUSALS: Final = {
    "/v1/models": {
        "error": {
            "message": "Incorrect API key provided.",
            "type": "invalid_request_error",
            "param": None,
            "code": "invalid_api_key",
        }
    },
    "/api/whoami-v2": {"error": "Invalid credentials in Authorization header"},
}
STATUSES: Final = {"forbidden": 403, "busy": 429, "broken": 500, "away": 503}


class ProviderServer(ThreadingHTTPServer):
    """Answers on loopback; `elsewhere` is another host that a redirect leads to."""

    daemon_threads = True

    def __init__(self, elsewhere: str = "") -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.elsewhere = elsewhere
        self.asked: list[tuple[str, str]] = []
        self.ending = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def openai(self) -> str:
        return f"{self.url}/v1"


class Handler(BaseHTTPRequestHandler):
    """Bearer tokens in, the provider's own JSON out."""

    server: ProviderServer

    def do_GET(self) -> None:
        authorization = self.headers.get("Authorization", "")
        self.server.asked.append((self.path, authorization))
        scheme, _, token = authorization.partition(" ")
        good = GOOD.get(self.path)
        if good is None:
            self.reply(404, {"error": "Not Found"})
        elif scheme != "Bearer" or not token.startswith(good):
            self.reply(401, REFUSALS[self.path])
        else:
            self.in_mood(token)

    def in_mood(self, token: str) -> None:
        if "hang" in token:
            self.server.ending.wait(30)
            self.close_connection = True
        elif "drop" in token:
            self.close_connection = True
        elif "elsewhere" in token:
            self.reply(302, {}, {"Location": self.server.elsewhere + self.path})
        elif "portal" in token:
            self.reply(200, {}, {"Content-Type": "text/html"})
        else:
            status = next((status for mood, status in STATUSES.items() if mood in token), 200)
            self.reply(status, REPLIES[self.path] if status == 200 else {"error": "no"})

    def reply(self, status: int, body: object, headers: dict[str, str] | None = None) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json; charset=utf-8", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Tests read `asked`."""


@contextmanager
def provider_server(elsewhere: str = "") -> Iterator[ProviderServer]:
    """Runs until the end of the block."""
    server = ProviderServer(elsewhere)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.ending.set()
        server.shutdown()
        thread.join()
        server.server_close()
