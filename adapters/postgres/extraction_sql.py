"""The statements that write an extraction; rows are claimed and locked in one order everywhere."""

from adapters.postgres.graph_rows import ENTITY_COLUMNS, RELATIONSHIP_COLUMNS

_ENTITY = ", ".join(f"e.{name}" for name in ENTITY_COLUMNS.split(", "))
_EDGE = ", ".join(f"r.{name}" for name in RELATIONSHIP_COLUMNS.split(", "))
_LOCK = "hashtextextended('extraction ' || $1::uuid::text, 0)"

# First extractions of different documents go side by side. One that may take something out of the graph
# goes alone: what it finds unsupported could be getting its support from another one right now.
ENTER = f"""
with document as materialized (
    select processed_at is not null as reprocessed from backend_documents.documents
    where user_id = $1 and id = $2 for update
)
select reprocessed, case when reprocessed then pg_advisory_xact_lock({_LOCK})
    else pg_advisory_xact_lock_shared({_LOCK}) end as entered
from document
"""

# Passages keep their ids where their number stays the same.
PUT_CHUNKS = """
with trimmed as (
    delete from backend_documents.chunks
    where user_id = $1 and document_id = $2 and ordinal >= cardinality($4::int[])
)
insert into backend_documents.chunks as known
    (user_id, id, document_id, ordinal, start_offset, end_offset, content, embedding, embedder, created_at)
select $1, c.id, $2, c.ordinal, c.start_offset, c.end_offset, c.content, c.embedding::vector, $9, $10
from unnest($3::uuid[], $4::int[], $5::int[], $6::int[], $7::text[], $8::text[])
    as c(id, ordinal, start_offset, end_offset, content, embedding)
on conflict on constraint chunks_ordinal_key do update set
    start_offset = excluded.start_offset, end_offset = excluded.end_offset, content = excluded.content,
    embedding = excluded.embedding, embedder = excluded.embedder
returning known.id, known.ordinal
"""

OWNERS = f"""
select o.key_type, o.key, {_ENTITY}
from (
    select k.type as key_type, k.key, k.entity_id
    from unnest($2::text[], $3::text[]) as wanted(type, key)
    join backend_entities.entity_keys k on k.user_id = $1 and k.type = wanted.type and k.key = wanted.key
) as o
join backend_entities.entities e on e.user_id = $1 and e.id = o.entity_id
"""

# All keys of a document in one sorted statement: two extractions can wait for each other's keys in one
# direction only. The foreign key is checked at the end, when the entities are there too.
CLAIM = """
with claimed as (
    insert into backend_entities.entity_keys (user_id, type, key, entity_id)
    select $1, c.type, c.key, c.entity_id
    from unnest($2::text[], $3::text[], $4::uuid[]) as c(type, key, entity_id)
    order by c.type, c.key
    on conflict do nothing
    returning type, key
), added as (
    insert into backend_entities.entities
        (user_id, id, name, type, confidence, source, source_type, metadata, aliases, created_at, updated_at)
    select $1, n.id, n.name, n.type, n.confidence, n.source, n.source_type, n.metadata,
        array(select jsonb_array_elements_text(n.aliases)), n.created_at, n.created_at
    from unnest($5::uuid[], $6::text[], $7::text[], $8::float8[], $9::text[], $10::text[], $11::jsonb[],
        $12::jsonb[], $13::timestamptz[])
        as n(id, name, type, confidence, source, source_type, metadata, aliases, created_at)
)
select type, key from claimed
"""

GIVE_WAY = """
with moved as (
    update backend_entities.entity_keys k set entity_id = w.winner
    from unnest($2::uuid[], $3::uuid[]) as w(loser, winner)
    where k.user_id = $1 and k.entity_id = w.loser
)
delete from backend_entities.entities where user_id = $1 and id = any($2::uuid[])
"""

_HOLD = """
select id, is_active from backend_entities.entities where user_id = $1 and id = any($2::uuid[]) order by id
"""
HOLD = _HOLD + "for share"
HOLD_TO_CHANGE = _HOLD + "for no key update"

GROW = f"""
update backend_entities.entities e
set confidence = n.confidence, aliases = n.aliases, version = e.version + 1, updated_at = $5
from (
    select known.id, greatest(known.confidence, g.confidence) as confidence,
        (known.aliases || array(
            select a.name from jsonb_array_elements_text(g.aliases) with ordinality as a(name, place)
            where a.name <> known.name and a.name <> all(known.aliases) order by a.place
        ))[1:100] as aliases
    from unnest($2::uuid[], $3::float8[], $4::jsonb[]) as g(id, confidence, aliases)
    join backend_entities.entities known on known.user_id = $1 and known.id = g.id
) as n
where e.user_id = $1 and e.id = n.id and e.is_active and e.source_type = 'extraction'
    and (n.confidence > e.confidence or n.aliases <> e.aliases)
returning {_ENTITY}
"""

ADD_EDGES = """
insert into backend_entities.relationships
    (user_id, id, source_entity_id, target_entity_id, type, confidence, source, source_type, metadata,
     created_at, updated_at)
select $1, n.id, n.source_entity_id, n.target_entity_id, n.type, n.confidence, n.source, n.source_type,
    n.metadata, n.created_at, n.created_at
from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::float8[], $7::text[], $8::text[], $9::jsonb[],
    $10::timestamptz[])
    as n(id, source_entity_id, target_entity_id, type, confidence, source, source_type, metadata, created_at)
order by n.source_entity_id, n.target_entity_id, n.type
on conflict (user_id, source_entity_id, target_entity_id, type) where is_active do nothing
returning id
"""

RAISE_EDGES = f"""
with known as materialized (
    select {_EDGE}, w.confidence as offered
    from unnest($2::uuid[], $3::uuid[], $4::text[], $5::float8[])
        as w(source_entity_id, target_entity_id, type, confidence)
    join backend_entities.relationships r on r.user_id = $1 and r.source_entity_id = w.source_entity_id
        and r.target_entity_id = w.target_entity_id and r.type = w.type and r.is_active
), surer as materialized (
    select r.id, known.offered
    from known join backend_entities.relationships r on r.user_id = $1 and r.id = known.id
    where known.offered > known.confidence and r.source_type = 'extraction' and r.is_active
    order by r.source_entity_id, r.target_entity_id, r.type
    for no key update of r
), raised as (
    update backend_entities.relationships r
    set confidence = surer.offered, version = r.version + 1, updated_at = $6
    from surer where r.user_id = $1 and r.id = surer.id and surer.offered > r.confidence
    returning {_EDGE}
)
select {_EDGE}, true as raised from raised r
union all
select {_EDGE}, false from known r where r.id not in (select id from raised)
"""


def _put_places(table: str, subject: str, text: str, constraint: str) -> str:
    column, place, parameter, excluded = ("", "", "", "")
    if text:
        column, place, parameter = ", text", ", w.text", ", $11::text[]"
        excluded = "text = excluded.text,"
    return f"""
with w as materialized (
    select * from unnest($5::uuid[], $6::uuid[], $7::int[], $8::int[], $9::float8[], $10::uuid[]{parameter})
        as given(subject, chunk_id, start_offset, end_offset, confidence, id{column})
), stale as (
    delete from {table} o
    where o.user_id = $1 and o.document_id = $2 and o.extractor = $3 and not exists (
        select from w where w.subject = o.{subject} and w.start_offset = o.start_offset
            and w.end_offset = o.end_offset
    )
    returning o.{subject}
), put as (
    insert into {table}
        (user_id, id, {subject}, document_id, chunk_id, start_offset, end_offset, confidence, extractor,
         created_at{column})
    select $1, w.id, w.subject, $2, w.chunk_id, w.start_offset, w.end_offset, w.confidence, $3,
        $4{place}
    from w
    on conflict on constraint {constraint} do update set
        chunk_id = excluded.chunk_id, {excluded} confidence = excluded.confidence,
        extractor = excluded.extractor
)
select distinct {subject} as subject from stale
"""


PUT_MENTIONS = _put_places("backend_extraction.mentions", "entity_id", "text", "mentions_place_key")
PUT_EVIDENCE = _put_places("backend_extraction.evidence", "relationship_id", "", "evidence_place_key")
