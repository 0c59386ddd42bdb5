"""Which server client commands talk to, and as whom."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from entrypoints.cli.console import password
from entrypoints.cli.data_directory import DataDirectory, DemoAccount
from entrypoints.cli.errors import USAGE, CommandError

DEFAULT_URL: Final = "http://127.0.0.1:8000"

# What client commands read besides the settings of the server.
CLIENT_VARIABLES: Final = ("KGL_URL", "KGL_TOKEN", "KGL_EMAIL", "KGL_PASSWORD")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A token, or an address with its password."""

    url: str
    token: str = ""
    email: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"Target({self.url}, {self.email or 'token'})"


def demo_account(data_dir: str | None) -> DemoAccount | None:
    """The demo account of a data directory, None where there is none or it is not ours to read."""
    path = Path(data_dir or os.environ.get("DATA_DIR") or "./var").expanduser()
    try:
        return DataDirectory(path).demo()
    except CommandError:
        return None


def server_url(data_dir: str | None = None) -> str:
    """`KGL_URL`; else where `kgl up` last served this data directory; else the default."""
    if url := os.environ.get("KGL_URL"):
        address = urlsplit(url)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise CommandError(f"KGL_URL: {url} is not an http:// or https:// address", USAGE)
        return url.rstrip("/")
    demo = demo_account(data_dir)
    return demo.url if demo else DEFAULT_URL


def target(data_dir: str | None = None) -> Target:
    """Raises `CommandError` when nothing says who is calling."""
    url = server_url(data_dir)
    if token := os.environ.get("KGL_TOKEN"):
        return Target(url=url, token=token)
    if email := os.environ.get("KGL_EMAIL"):
        return Target(url=url, email=email, password=password())
    if demo := demo_account(data_dir):
        return Target(url=url, email=demo.email, password=demo.password)
    raise CommandError("who is calling? Set KGL_TOKEN, or KGL_EMAIL and KGL_PASSWORD", USAGE)
