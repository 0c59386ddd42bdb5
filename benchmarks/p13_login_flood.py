"""P13: what 100 logins a second do to everybody else, with the limits and with the bounded hashing alone."""

import asyncio
import json
import secrets
from collections import Counter
from collections.abc import Sequence
from statistics import median

from benchmarks.elsewhere import run_elsewhere
from benchmarks.load import encode
from benchmarks.p1_read_entity import create_entities
from benchmarks.paced import PacedResult
from benchmarks.report import Finding
from benchmarks.system import System, register

READS_A_SECOND = 100.0
LOGINS_A_SECOND = 100.0
# What an installation that changes nothing has.
DEFAULTS = {"RATE_LIMIT_LOGIN": "", "RATE_LIMIT_ACCOUNT": ""}


async def pace(requests: Sequence[bytes], url: str, *, rate: float, seconds: float) -> PacedResult:
    """Requests at a steady rate, from a process of their own."""
    return PacedResult(**await run_elsewhere("benchmarks.paced", requests, url, rate, seconds))


def logins(url: str) -> list[bytes]:
    """Attempts that each cost a whole hash: accounts nobody has, so none is refused for its account."""
    return [
        encode(
            "POST",
            f"{url}/api/v1/auth/token",
            ["Content-Type: application/json"],
            json.dumps({"email": f"{secrets.token_hex(8)}@example.org", "password": "not the one"}).encode(),
        )
        for _ in range(1_000)
    ]


async def measure(system: System, *, seconds: float, rounds: int) -> list[Finding]:
    """Quiet and flooded stretches in turn; the median of their ratios."""
    system.environment["BCRYPT_COST"] = "12"
    return [
        await compare(system, "default limits", DEFAULTS, seconds=seconds, rounds=rounds),
        await compare(system, "no limits", {"RATE_LIMITS": "off"}, seconds=seconds, rounds=rounds),
    ]


async def compare(
    system: System, what: str, environment: dict[str, str], *, seconds: float, rounds: int
) -> Finding:
    """One server with these limits."""
    system.environment |= environment
    process, url = await system.serve(f"p13-{what.replace(' ', '-')}")
    _, token = await register(url, f"{secrets.token_hex(4)}@example.org")
    ids = await create_entities(url, token, 200)
    authorization = f"Authorization: Bearer {token}"
    reads = [encode("GET", f"{url}/api/v1/entities/{i}", [authorization]) for i in ids]
    quiet: list[PacedResult] = []
    flooded: list[PacedResult] = []
    answers: Counter[str] = Counter()
    for number in range(rounds + 1):
        alone = await pace(reads, url, rate=READS_A_SECOND, seconds=seconds if number else 1.0)
        flood = asyncio.ensure_future(
            pace(logins(url), url, rate=LOGINS_A_SECOND, seconds=seconds + 2.0 if number else 1.0)
        )
        await asyncio.sleep(1.0)  # the line before the hashing threads is as long as it gets
        beside = await pace(reads, url, rate=READS_A_SECOND, seconds=seconds if number else 1.0)
        result = await flood
        if number:  # the first round warms up
            quiet.append(alone)
            flooded.append(beside)
            answers += Counter(result.statuses)
    process.stop()
    for each in (*quiet, *flooded):
        if each.late or set(each.statuses) != {"200"}:
            raise RuntimeError(f"the others were not served: {each}")
    return Finding(
        target="P13",
        what=f"p99 of GET /entities/{{id}} beside 100 logins a second, {what}, against without",
        figure=median(after.p99 / before.p99 for before, after in zip(quiet, flooded, strict=True)),
        bound=2.0,
        at_most=True,
        parts={
            "alone, p50 / p99 (ms)": shown(quiet),
            "beside the flood, p50 / p99 (ms)": shown(flooded),
            "logins answered": ", ".join(f"{status}: {count}" for status, count in sorted(answers.items())),
        },
    )


def shown(results: Sequence[PacedResult]) -> str:
    """Medians of the rounds."""
    return f"{median(r.p50 for r in results):.2f} / {median(r.p99 for r in results):.2f}"
