"""Finds candidates for duplicates by blocks: what shares none is never compared."""

from collections.abc import Sequence
from uuid import UUID

from adapters.postgres.documents_confined import confined_sql
from adapters.postgres.engine import Database
from adapters.postgres.graph_rows import ENTITY_COLUMNS, entity_view_of
from application.graph.duplicates import Candidates, DuplicateQueries
from domain.graph.duplicates import NAMES, SMALL_WORDS, Neighbourhood
from domain.shared.ids import DocumentId, EntityId, UserId

# The most recently changed of the entities, when there are more.
ENTITIES = 20_000
PAIRS = 3_000
# What more entities than that have in common tells nothing; for a few entities more can be looked through.
BLOCK = 30
WIDE_BLOCK = 200
NEIGHBOURS = 500

_MARKS = "áàâäãåāéèêëēíìîïīóòôöõōúùûüūñçšžłøđýÿ"
_PLAIN = "aaaaaaaeeeeeiiiiioooooouuuuuncszlodyy"
_APOSTROPHES = "''\u2019\u02bc`\""
_GAPS = "-_/,;:()[]{}&+*!?|#@"
_SMALL = ", ".join(f"'{word}'" for word in sorted(SMALL_WORDS))

_LETTERS = f"translate(lower(n.name), '{_MARKS}', '{_PLAIN}')"
# The apostrophes and quotation marks go, what separates words becomes a gap.
_SPACES = " " * len(_GAPS)
_FOLDED = f"translate({_LETTERS}, '{_GAPS}.{_APOSTROPHES}', '{_SPACES}')"

# Blocks as numbers: there are many, and they are sorted and hashed.
# $2 a type, $3 entities (null: all), $4 how many entities, $5 the size of a block, $6 how many pairs.
CANDIDATES = confined_sql(f"""
    with things as materialized (
        (select id, type, name, aliases from backend_entities.entities
         where user_id = tenant.user_id and is_active order by updated_at desc, id desc limit $4)
        union
        select id, type, name, aliases from backend_entities.entities
        where user_id = tenant.user_id and is_active and id = any($3::uuid[])
    ), names as materialized (
        select t.id, n.place as name, array_remove(string_to_array({_FOLDED}, ' '), '') as words
        from things t cross join lateral
            unnest(array[t.name] || t.aliases[1:{NAMES - 1}]) with ordinality as n(name, place)
    ), words as (
        select names.id, names.name, w.word, w.place, cardinality(names.words) as many
        from names cross join lateral unnest(names.words) with ordinality as w(word, place)
    ), initials as (
        select id, string_agg(left(word, 1), '' order by place) as every,
            string_agg(left(word, 1), '' order by place) filter (where word not in ({_SMALL})) as telling
        from words where many between 2 and 8 group by id, name
    ), spelled as (
        select id, 'w:' || word as block, 1.0 as weight from words where length(word) > 1
        union all
        select id, 'p:' || left(word, 5), 0.7 from words where length(word) > 5
        union all
        select id, 'c:' || left(word, 1)
            || regexp_replace(translate(substr(word, 2), 'aeiouyh', ''), '(.)\\1+', '\\1', 'g'), 0.7
        from words where length(word) > 3
        union all
        select id, 'i:' || every, 1.0 from initials where length(every) <= 6
        union all
        select id, 'i:' || telling, 1.0 from initials where length(telling) between 2 and 6
        union all
        select id, 'i:' || word, 1.0 from words where many = 1 and length(word) between 2 and 6
        union all
        select id, 'n:' || left(array_to_string(words, ''), 100), 3.0 from names where cardinality(words) > 0
    ), blocks as materialized (
        select distinct id, hashtextextended(block, 0) as block, weight from spelled
    ), telling as materialized (
        select block, count(*) as size from blocks group by block having count(*) between 2 and $5
    ), pairs as (
        select one.id as one, other.id as other, sum(one.weight / ln(telling.size + 1)) as promise
        from telling join blocks one using (block) join blocks other using (block)
        where one.id < other.id and ($3::uuid[] is null or one.id = any($3) or other.id = any($3))
        group by one.id, other.id
    )
    select pairs.one, pairs.other, (select count(*) from things) >= $4 as cut from pairs
    join things a on a.id = pairs.one join things b on b.id = pairs.other
    where $2::text is null or a.type = $2 or b.type = $2
    order by promise desc, pairs.one, pairs.other limit $6
""")

SHOWN = confined_sql(f"""
    select {ENTITY_COLUMNS} from backend_entities.entities
    where user_id = tenant.user_id and id = any($2::uuid[]) and is_active offset 0
""")


def _neighbours(entity: str) -> str:
    found = " union ".join(
        f"(select r.{far} as id from backend_entities.relationships r where r.user_id = tenant.user_id "
        f"and r.{near} = {entity} and r.is_active limit {NEIGHBOURS})"
        for near, far in (
            ("source_entity_id", "target_entity_id"),
            ("target_entity_id", "source_entity_id"),
        )
    )
    return f"select id from ({found}) as found where id <> p.one and id <> p.other"


def _related(source: str, target: str) -> str:
    return (
        "exists (select from backend_entities.relationships r where r.user_id = tenant.user_id "
        f"and r.source_entity_id = p.{source} and r.target_entity_id = p.{target} and r.is_active)"
    )


AROUND = confined_sql(f"""
    select (select count(*)
            from (({_neighbours("p.one")}) intersect ({_neighbours("p.other")})) as shared_ones) as shared,
        least((select count(*) from ({_neighbours("p.one")}) as n),
              (select count(*) from ({_neighbours("p.other")}) as n)) as fewest,
        {_related("one", "other")} or {_related("other", "one")} as related
    from unnest($2::uuid[], $3::uuid[]) with ordinality as p(one, other, place) order by p.place offset 0
""")

MENTIONED = confined_sql("""
    select distinct entity_id from backend_extraction.mentions
    where user_id = tenant.user_id and document_id = $2 order by entity_id offset 0
""")


class PostgresDuplicateQueries(DuplicateQueries):
    """Reads on connections of its own, outside any unit of work."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def candidates(
        self, user_id: UserId, type_: str | None, entity_ids: Sequence[EntityId] | None
    ) -> Candidates:
        asked = None if entity_ids is None else list(entity_ids)
        block = BLOCK if asked is None else WIDE_BLOCK
        async with self._database.connection() as connection:
            found = await connection.fetch(CANDIDATES, user_id, type_, asked, ENTITIES, block, PAIRS + 1)
            wanted = {row[end] for row in found[:PAIRS] for end in ("one", "other")}
            rows = await connection.fetch(SHOWN, user_id, list(wanted)) if wanted else []
        views = {row["id"]: entity_view_of(row) for row in rows}
        return Candidates(
            pairs=[
                (views[row["one"]], views[row["other"]])
                for row in found[:PAIRS]
                if row["one"] in views and row["other"] in views
            ],
            truncated=len(found) > PAIRS or any(row["cut"] for row in found[:1]),
        )

    async def around(self, user_id: UserId, pairs: Sequence[tuple[UUID, UUID]]) -> Sequence[Neighbourhood]:
        if not pairs:
            return []
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                AROUND, user_id, [one for one, _ in pairs], [other for _, other in pairs]
            )
        return [
            Neighbourhood(shared=row["shared"], fewest=row["fewest"], related=row["related"]) for row in rows
        ]

    async def mentioned_in(self, user_id: UserId, document_id: DocumentId) -> Sequence[EntityId]:
        async with self._database.connection() as connection:
            rows = await connection.fetch(MENTIONED, user_id, document_id)
        return [EntityId(row["entity_id"]) for row in rows]
