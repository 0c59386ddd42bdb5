"""Searching where Postgres decides: its locale, half precision, long words, and what a snippet marks."""

from collections.abc import AsyncIterator, Sequence
from urllib.parse import urlsplit, urlunsplit

import pytest

from adapters.postgres import migrations
from adapters.postgres.documents_confined import vector_literal
from adapters.postgres.engine import Database, PoolSettings
from adapters.postgres.provision import Logins, provision
from adapters.postgres.search import PostgresSearchQueries
from adapters.system.ids import Uuid7Generator
from application.documents.search import ChunkFilter, ChunkRequest, SearchRequest, SearchResult
from domain.shared.ids import UserId
from tests.contract.systems import PostgresSystem
from tests.servers.postgres import PostgresTestServer

IDS = Uuid7Generator()
NOWHERE = [1.0, *[0.0] * 383]


class Shelf:
    """One user's passages, each a document of its own."""

    def __init__(self, database: Database, user: UserId) -> None:
        self.database, self.user = database, user
        self.queries = PostgresSearchQueries(database)

    async def add(self, content: str, vector: Sequence[float] = NOWHERE, language: str = "english") -> None:
        async with self.database.connection() as connection, connection.transaction():
            await connection.execute("select backend_operations.act_as($1)", self.user)
            await connection.execute(
                """
                with document as (
                    insert into backend_documents.documents
                        (user_id, id, title, content, content_hash, language, created_at, updated_at)
                    values ($1, $2, left($4, 100), $4, sha256(uuid_send($2)), $6, now(), now())
                )
                insert into backend_documents.chunks
                    (user_id, id, document_id, ordinal, start_offset, end_offset, content, embedding,
                    embedder, created_at, language)
                values ($1, $3, $2, 0, 0, length($4), $4, $5::text::vector, 'toy', now(), $6)
                """,
                *(self.user, IDS.new(), IDS.new(), content, vector_literal(vector), language),
            )

    async def name(self, name: str) -> None:
        async with self.database.connection() as connection, connection.transaction():
            await connection.execute("select backend_operations.act_as($1)", self.user)
            await connection.execute(
                "insert into backend_entities.entities "
                "(user_id, id, name, type, confidence, created_at, updated_at) "
                "values ($1, $2, $3, 'thing', 1, now(), now())",
                *(self.user, IDS.new(), name),
            )

    async def find(self, text: str) -> Sequence[SearchResult]:
        request = SearchRequest(
            text=text, by_text=True, vector=None, embedder="toy", kinds=["entities", "documents"], limit=10
        )
        return (await self.queries.search(self.user, request)).results

    async def titles(self, text: str) -> list[str]:
        return [result.title for result in await self.find(text)]

    async def nearest(self, vector: Sequence[float], k: int) -> list[str]:
        request = ChunkRequest(vector=vector, embedder="toy", filters=ChunkFilter(), k=k, min_score=-1)
        return [hit.content for hit in await self.queries.nearest_chunks(self.user, request)]


@pytest.fixture
async def shelf(migrated_database: Logins) -> AsyncIterator[Shelf]:
    async with Database(migrated_database.runtime_url, PoolSettings(max_size=2)) as database:
        yield Shelf(database, await PostgresSystem(database).new_user())


async def test_letters_fold_in_a_database_whose_locale_knows_none(
    postgres_server: PostgresTestServer,
) -> None:
    locale = "template template0 encoding 'UTF8' locale_provider libc lc_collate 'C' lc_ctype 'C'"
    name, host = "kgl_c_locale", urlsplit(postgres_server.dsn)
    postgres_server.execute(f"create database {name} {locale}")

    def url(role: str) -> str:
        netloc = f"{role}:secret@{host.netloc.rpartition('@')[2]}"
        return urlunsplit(host._replace(netloc=netloc, path=f"/{name}"))

    logins = Logins(owner_url=url("c_locale_owner"), runtime_url=url("c_locale_runtime"))
    try:
        postgres_server.execute("create role c_locale_owner")
        postgres_server.execute(f"alter database {name} owner to c_locale_owner")
        await provision(postgres_server.dsn, logins)
        await migrations.upgrade(logins)
        async with Database(logins.runtime_url, PoolSettings(max_size=2)) as database:
            shelf = Shelf(database, await PostgresSystem(database).new_user())
            await shelf.add("Es gab viel ÄRGER", language="german")
            for known in ("ZÜRICH", "ØRSTED", "中华人民共和国"):
                await shelf.name(known)
            assert await shelf.titles("ärger") == ["Es gab viel ÄRGER"]
            assert await shelf.titles("zuirch") == ["ZÜRICH"]
            assert await shelf.titles("ørsted") == ["ØRSTED"]
            assert await shelf.titles("中华人民和国") == ["中华人民共和国"]
    finally:
        postgres_server.drop_database(urlunsplit(host._replace(path=f"/{name}")))
        postgres_server.execute("drop role if exists c_locale_owner", "drop role if exists c_locale_runtime")


async def test_ranks_what_half_precision_cannot_tell_apart(shelf: Shelf) -> None:
    for place in (3, 1, 2, 0):
        await shelf.add(f"at {place}", [1.0, place * 1e-3, *[0.0] * 382])
    assert await shelf.nearest(NOWHERE, 3) == ["at 0", "at 1", "at 2"]


async def test_compares_vectors_of_any_length(shelf: Shelf) -> None:
    await shelf.add("huge", [9e17, 9e17, *[0.0] * 382])
    await shelf.add("tiny", [1e-17, *[0.0] * 383])
    assert await shelf.nearest([5e17, *[0.0] * 383], 2) == ["tiny", "huge"]


async def test_keeps_passages_with_words_too_long_to_be_searched(shelf: Shelf) -> None:
    for letters in (1990, 2040, 2046, 5000):
        await shelf.add(f"stones and {'x' * letters}")
    assert len(await shelf.titles("stones")) == 4


async def test_finds_words_with_quotes_backslashes_and_addresses(shelf: Shelf) -> None:
    odd = "O'Brien's files lie in C:\\temp and at http://example.org/foo('bar"
    await shelf.add(odd)
    await shelf.add("nothing of the kind")
    for text in (
        "o'brien",
        "temp",
        "example.org",
        "http://example.org/foo('bar",
        '"files lie"',
        "kin or files",
    ):
        assert odd in await shelf.titles(text), text


async def test_marks_any_word_of_a_plain_question_and_only_what_was_meant_of_others(shelf: Shelf) -> None:
    await shelf.add("wet stones lie beside dry stones")
    [plain] = await shelf.find("the wet stone of all")
    assert plain.snippet == "**wet** **stones** lie beside dry **stones**"
    [phrase] = await shelf.find('"dry stones" -grass')
    assert phrase.snippet.endswith("lie beside **dry** **stones**")
    assert "**wet**" not in phrase.snippet
    assert await shelf.find('"dry wet"') == []


async def test_the_rarest_words_decide_among_many_passages(shelf: Shelf) -> None:
    """Passages that have only common words are not added up when others are sure to be better."""
    for number in range(150):
        await shelf.add(f"common everyday words, number {number}")
    await shelf.add("a rare everyday word")
    titles = await shelf.titles("rare common everyday words")
    assert titles[0] == "a rare everyday word"
    assert len(titles) == 10
    assert (await shelf.titles("number 77"))[0] == "common everyday words, number 77"
