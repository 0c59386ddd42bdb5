"""The demo account and the samples: made once, over the HTTP API like anybody else's documents."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from entrypoints.cli.data_directory import DataDirectory, DemoAccount

if TYPE_CHECKING:
    from entrypoints.cli.ingestion import Summary

SAMPLES: Final = Path(__file__).with_name("samples")
EMAIL: Final = "demo@example.org"


@dataclass(slots=True, kw_only=True)
class Started:
    """What `kgl up` tells once everything runs."""

    url: str
    data_dir: str
    ready_seconds: float = 0.0
    seconds: float = 0.0
    email: str = ""
    password: str = ""
    ingested: "Summary | None" = None

    def __repr__(self) -> str:
        return f"Started({self.url})"

    def as_object(self) -> dict[str, object]:
        """The same for programs."""
        samples = self.ingested
        return {
            "url": self.url,
            "api": f"{self.url}/api/v1",
            "docs": f"{self.url}/api/v1/docs",
            "data_dir": self.data_dir,
            "ready_seconds": self.ready_seconds,
            "seconds": self.seconds,
            "demo": {"email": self.email, "password": self.password} if self.email else None,
            "ingested": samples
            and {
                "documents": samples.documents,
                "entities": samples.entities,
                "relationships": samples.relationships,
                "failures": len(samples.failures),
                "seconds": samples.seconds,
            },
        }


async def set_up_demo(data: DataDirectory, started: Started, notice: Callable[[str], None]) -> None:
    """Makes the account and sends the samples, unless that was done; a start that was interrupted half way
    is completed by the next one."""
    account = data.demo()
    if account is None or not account.ingested:
        account = await first_time(data, account, started, notice)
    if account.url != started.url:
        account.url = started.url
        data.keep_demo(account)
    started.email, started.password = account.email, account.password


async def first_time(
    data: DataDirectory, account: DemoAccount | None, started: Started, notice: Callable[[str], None]
) -> DemoAccount:
    """The account is kept before it is made: a crash in between must not lose the only password."""
    from entrypoints.cli.client import ApiClient
    from entrypoints.cli.ingest import drafts, ingest, survey
    from entrypoints.cli.target import Target

    if account is None:
        account = DemoAccount(email=EMAIL, password=secrets.token_urlsafe(12), url=started.url)
        data.keep_demo(account)
    target = Target(url=started.url, email=account.email, password=account.password)
    async with ApiClient(target) as client:
        if not await client.register() and not await client.accepted():
            # This database has a demo account whose password was kept elsewhere: a second one will do.
            account.email = f"demo-{secrets.token_hex(4)}@example.org"
            data.keep_demo(account)
            return await first_time(data, account, started, notice)
    files, total, _ = survey([SAMPLES])
    if total:
        notice(f"first start: reading {total} sample documents")
        started.ingested = await ingest(target, drafts(files), total)
        for failure in started.ingested.failures:
            notice(f"failed {failure.origin}: {failure.reason}")
    account.ingested = True
    data.keep_demo(account)
    return account
