"""A real OpenID provider for tests: `oidc-provider-mock` in a process of its own, holding clients to PKCE.

Run as a program it serves; imported it starts one. The library answers for OpenID Connect and leaves RFC 7636
out, so Authlib's own extension for providers is plugged in.
"""

import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.servers.process import ServerProcess, answers, free_port


class OidcTestProvider:
    """A provider, and the person at its login form."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        self._process: ServerProcess | None = None

    def start(self) -> None:
        root = Path(__file__).parents[2]
        self._process = ServerProcess(
            [sys.executable, "-m", "tests.servers.oidc_provider", str(self.port)],
            log=self._folder / "log",
            environment={"PYTHONPATH": str(root), "AUTHLIB_INSECURE_TRANSPORT": "1"},
        )
        self._process.wait_until(
            lambda: answers(self.port, say=b"GET /jwks HTTP/1.0\r\n\r\n", expect=b"HTTP/1.1 200"),
            within=60,
            what="the OpenID provider",
        )

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process = None

    def has(self, subject: str, claims: Mapping[str, object]) -> None:
        """Somebody has an account there."""
        reply = httpx.put(f"{self.issuer}/users/{subject}", json=dict(claims), timeout=30, trust_env=False)
        assert reply.status_code == 204, reply.text

    def log_in(self, url: str, subject: str) -> str:
        """Fills in the form that `url` shows; where the browser is sent then."""
        return submit(url, {"sub": subject})

    def deny(self, url: str) -> str:
        """Refuses at the form; where the browser is sent then."""
        return submit(url, {"action": "deny"})


def submit(url: str, form: Mapping[str, str]) -> str:
    """Fills in a provider's form; where the browser is sent then."""
    with httpx.Client(timeout=30, trust_env=False) as browser:
        shown = browser.get(url)
        assert shown.status_code == 200, shown.text
        sent = browser.post(url, data=dict(form))
    assert sent.status_code == 302, sent.text
    return sent.headers["location"]


@contextmanager
def private_oidc_provider() -> Iterator[OidcTestProvider]:
    """A provider on a free port, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="kgl-oidc-", ignore_cleanup_errors=True) as folder:
        provider = OidcTestProvider(Path(folder))
        provider.start()
        try:
            yield provider
        finally:
            provider.stop()


def serve(port: int) -> None:
    """Serves until it is ended."""
    # The library's own dependencies warn of what they will drop: that is not what is tested here.
    warnings.simplefilter("ignore")
    from authlib.oauth2.rfc6749.errors import InvalidRequestError  # noqa: PLC0415 - for the program alone
    from authlib.oauth2.rfc7636 import CodeChallenge  # noqa: PLC0415 - for the program alone
    from oidc_provider_mock import _app  # noqa: PLC0415 - for the program alone
    from werkzeug.serving import make_server  # noqa: PLC0415 - for the program alone

    challenges: dict[str, str] = {}

    class Grant(_app.AuthorizationCodeGrant):  # type: ignore[misc]  # nor does the library
        def save_authorization_code(self, code: str, request: Any) -> None:
            super().save_authorization_code(code, request)
            challenges[code] = request.payload.data["code_challenge"]

    class OnlyS256(CodeChallenge):  # type: ignore[misc]  # Authlib ships no types
        def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
            super().validate_code_challenge(grant, redirect_uri)
            if grant.request.payload.data.get("code_challenge_method") != "S256":
                raise InvalidRequestError("PKCE with S256 is required")

        def get_authorization_code_challenge(self, authorization_code: Any) -> str:
            return challenges[authorization_code.code]

        def get_authorization_code_challenge_method(self, authorization_code: Any) -> str:
            return "S256"

    class OpenIDCode(_app.OpenIDCode):  # type: ignore[misc]  # nor does the library
        def __call__(self, grant: Any) -> None:
            super().__call__(grant)
            OnlyS256()(grant)

    vars(_app).update(AuthorizationCodeGrant=Grant, OpenIDCode=OpenIDCode)
    make_server("127.0.0.1", port, _app.app(require_nonce=True), threaded=True).serve_forever()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
