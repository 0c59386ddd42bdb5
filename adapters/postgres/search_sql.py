"""The statements of searching: each answers a whole question in one round trip."""

from adapters.postgres.documents_confined import confined_sql
from domain.documents.ranking import K

# Parameters are turned into vectors and queries in scalar subqueries, which run once: a generic plan would
# otherwise parse them again for every row.
_NEAR = "(select $2::text::vector)"

# The addition keeps the planner from an approximate index, which under a user's filter loses rows.
NEAREST = confined_sql(f"""
    select near.id, near.document_id, d.title as document_title, near.ordinal, near.start_offset,
        near.end_offset, near.content, 1 - near.distance as score
    from (
        select c.id, c.document_id, c.ordinal, c.start_offset, c.end_offset, c.content,
            (c.embedding <=> {_NEAR}) + 0 as distance
        from backend_documents.chunks c
        where c.user_id = tenant.user_id and c.embedder = $3
            and ($6::uuid[] is null or c.document_id = any($6))
            and ($7::text[] = '{{}}' and $8::jsonb = '{{}}' or exists (
                select from backend_documents.documents f
                where f.user_id = tenant.user_id and f.id = c.document_id
                    and f.tags @> $7 and f.metadata @> $8
            ))
        order by distance, c.id limit $4
    ) as near
    left join backend_documents.documents d on d.user_id = tenant.user_id and d.id = near.document_id
    where 1 - near.distance >= $5
    order by near.distance, near.id offset 0
""")

_VECTOR = "(select $3::text::vector)"
_MARKED = "(select backend_documents.marked(tenant.user_id, $2))"
_HEADLINE = "'StartSel=**, StopSel=**, MaxFragments=2, MinWords=8, MaxWords=24, FragmentDelimiter=\" … \"'"

# $2 the words, $3 the vector or null, $4 its embedder, $5 the limit, $6 the depth of each list of passages,
# whether to search passages by words ($7) and entities by name ($8), how much of the lists by words is
# counted ($9, at least the depth), and whether to count ($10).
SEARCH = confined_sql(f"""
    with worded as materialized (
        select w.passage_id as id, w.score, row_number() over (order by w.score desc, w.passage_id) as place
        from backend_documents.passages_by_words(tenant.user_id, $2, $9) as w
        where $7
    ), near as materialized (
        select id, 1 - distance as score, row_number() over (order by distance, id) as place
        from (
            select c.id, (c.embedding <=> {_VECTOR}) + 0 as distance
            from backend_documents.chunks c
            where $3::text is not null and c.user_id = tenant.user_id and c.document_id is not null
                and c.embedder = $4
            order by distance, c.id limit $6
        ) as found
    ), passages as (
        select coalesce(w.id, n.id) as id, w.place as first_place, w.score as first_score,
            n.place as second_place, n.score as second_score,
            coalesce(1.0 / ({K} + w.place), 0)::float8 + coalesce(1.0 / ({K} + n.place), 0)::float8 as score
        from (select * from worded where place <= $6) as w full join near n on n.id = w.id
    ), best as (
        select distinct on (c.document_id) c.document_id, p.*
        from passages p
        join backend_documents.chunks c on c.user_id = tenant.user_id and c.id = p.id
        order by c.document_id, p.score desc, p.id
    ), named as materialized (
        select n.entity_id as id, n.score, n.place
        from backend_entities.names_by_words(tenant.user_id, $2, greatest($5, $9)) as n
        where $8
    ), alike as materialized (
        select a.entity_id as id, a.likeness as score,
            row_number() over (order by a.likeness desc, a.entity_id) as place
        from backend_entities.similar_names(tenant.user_id, $2, $5) as a
        where $8
    ), entities as (
        select coalesce(n.id, a.id) as id, n.place as first_place, n.score as first_score,
            a.place as second_place, a.score as second_score,
            coalesce(1.0 / ({K} + n.place), 0)::float8 + coalesce(1.0 / ({K} + a.place), 0)::float8 as score
        from (select * from named where place <= $5) as n full join alike a on a.id = n.id
    ), top as (
        select * from (
            select 'document' as kind, document_id as id, id as chunk_id, score, first_place, first_score,
                second_place, second_score
            from best
            union all
            select 'entity', id, null, score, first_place, first_score, second_place, second_score
            from entities
        ) as everything
        order by score desc, kind, id limit $5
    ), counted as (
        select 'entity' as kind, e.type as value, count(*) as things
        from (select id from named union select id from alike) as found
        join backend_entities.entities e on e.user_id = tenant.user_id and e.id = found.id
        where $10 group by e.type
        union all
        select 'document', d.source_type, count(distinct d.id)
        from (select id from worded union select id from near) as found
        join backend_documents.chunks c on c.user_id = tenant.user_id and c.id = found.id
        join backend_documents.documents d on d.user_id = tenant.user_id and d.id = c.document_id
        where $10 group by d.source_type
    )
    select top.*, coalesce(d.title, e.name) as title, e.type, e.aliases, c.start_offset, c.end_offset,
        case when top.chunk_id is not null and top.first_place is not null
            then ts_headline(backend_documents.configuration(c.language), c.content, {_MARKED}, {_HEADLINE})
            else left(c.content, 240) end as snippet,
        (select jsonb_agg(jsonb_build_array(kind, value, things)) from counted) as facets,
        (select count(*) >= $9 from worded) or (select count(*) >= $9 from named) as truncated
    from top
    left join backend_documents.documents d
        on top.kind = 'document' and d.user_id = tenant.user_id and d.id = top.id
    left join backend_documents.chunks c on c.user_id = tenant.user_id and c.id = top.chunk_id
    left join backend_entities.entities e
        on top.kind = 'entity' and e.user_id = tenant.user_id and e.id = top.id
    order by top.score desc, top.kind, top.id offset 0
""")
