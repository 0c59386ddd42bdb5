"""Names with typing errors: how many are found among the first ten, and how fast, in one big account."""

import random
import string
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from adapters.postgres.documents_confined import confined_sql
from adapters.postgres.engine import Database, PoolSettings, driver_dsn
from adapters.postgres.provision import Logins
from adapters.system.ids import Uuid7Generator
from benchmarks.report import Finding
from domain.shared.ids import UserId

FIND = confined_sql("""
    select e.name from backend_entities.similar_names(tenant.user_id, $2, 10) as found
    join backend_entities.entities e on e.user_id = tenant.user_id and e.id = found.entity_id
    order by found.likeness desc, e.id offset 0
""")
_ONSETS = ["b", "ch", "d", "f", "gr", "k", "l", "m", "n", "p", "r", "s", "st", "t", "v", "w"]
_RIMES = ["a", "an", "e", "el", "er", "i", "in", "o", "on", "u", "y"]
SYLLABLES = [onset + rime for onset in _ONSETS for rime in _RIMES]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """The share found among the first ten; milliseconds of the median question and the slow twentieth."""

    among_ten: float
    median: float
    p95: float


def names(count: int, chance: random.Random) -> Sequence[str]:
    """Different made-up names of one to three words."""
    found: dict[str, None] = {}
    while len(found) < count:
        words = [
            "".join(chance.choices(SYLLABLES, k=chance.randint(1, 4))) for _ in range(chance.randint(1, 3))
        ]
        found[" ".join(word.title() for word in words)] = None
    return list(found)


def _place(name: str, chance: random.Random) -> int:
    return chance.choice([i for i, char in enumerate(name) if char.isalnum()])


def inserted(name: str, chance: random.Random) -> str:
    place = _place(name, chance)
    return name[:place] + chance.choice(string.ascii_lowercase) + name[place:]


def deleted(name: str, chance: random.Random) -> str:
    place = _place(name, chance)
    return name[:place] + name[place + 1 :]


def substituted(name: str, chance: random.Random) -> str:
    place = _place(name, chance)
    return name[:place] + chance.choice(string.ascii_lowercase) + name[place + 1 :]


def transposed(name: str, chance: random.Random) -> str:
    place = chance.choice([i for i in range(len(name) - 1) if name[i : i + 2].isalnum()])
    return name[:place] + name[place + 1] + name[place] + name[place + 2 :]


def reordered(name: str, _: random.Random) -> str:
    return " ".join(reversed(name.split()))


def accented(name: str, _: random.Random) -> str:
    return name.translate(str.maketrans("aeiou", "áèïôü"))


ERRORS: Mapping[str, Callable[[str, random.Random], str]] = {
    "inserted": inserted,
    "deleted": deleted,
    "substituted": substituted,
    "transposed": transposed,
    "reordered": reordered,
    "accented": accented,
}


async def _store(logins: Logins, known: Sequence[str]) -> UserId:
    ids = Uuid7Generator()
    user_id = UserId(ids.new())
    connection = await asyncpg.connect(driver_dsn(logins.owner_url))
    try:
        async with connection.transaction():
            await connection.execute("select set_config('app.user_id', $1, true)", str(user_id))
            await connection.execute("select set_config('app.scope', 'authentication', true)")
            await connection.execute(
                "insert into backend_auth.users (id, email, password_hash, created_at, updated_at) "
                "values ($1, $2, 'x', now(), now())",
                user_id,
                f"{user_id}@example.org",
            )
            await connection.execute(
                "insert into backend_entities.entities "
                "(user_id, id, name, type, confidence, created_at, updated_at) "
                "select $1, id, name, 'thing', 1, now(), now() "
                "from unnest($2::uuid[], $3::text[]) as n(id, name)",
                user_id,
                [ids.new() for _ in known],
                list(known),
            )
        await connection.execute("vacuum analyze backend_entities.entities")
    finally:
        await connection.close()
    return user_id


async def measure(logins: Logins, *, entities: int = 100_000, questions: int = 100) -> Mapping[str, Recall]:
    """Fills a migrated database and asks for names of at least four letters, each with one error."""
    chance = random.Random(11)  # the same names each time
    known = names(entities, chance)
    user_id = await _store(logins, known)
    found: dict[str, Recall] = {}
    async with Database(logins.runtime_url, PoolSettings()) as database, database.connection() as connection:
        for error, spoil in ERRORS.items():
            asked = chance.sample([name for name in known if len(name) >= 4], questions)
            times, hits = [], 0
            for name in asked:
                started = time.perf_counter()
                rows = await connection.fetch(FIND, user_id, spoil(name, chance))
                times.append((time.perf_counter() - started) * 1000)
                hits += name in [row["name"] for row in rows]
            times.sort()
            found[error] = Recall(
                among_ten=hits / questions,
                median=times[len(times) // 2],
                p95=times[int(len(times) * 0.95)],
            )
    return found


def findings(found: Mapping[str, Recall]) -> list[Finding]:
    """The error that is forgiven least decides."""
    parts: dict[str, float | str] = {}
    for error, recall in found.items():
        figures = f"{recall.among_ten:.3f}, {recall.median:.1f}, {recall.p95:.1f}"
        parts[f"{error}: found among ten, median, p95 (ms)"] = figures
    return [
        Finding(
            target="names",
            what="names found among the first ten despite one typing error, the worst kind of error",
            figure=min(recall.among_ten for recall in found.values()),
            bound=0.9,
            unit="of all",
            parts=parts,
        )
    ]
