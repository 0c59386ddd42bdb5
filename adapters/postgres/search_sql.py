"""The statements of searching: each answers a whole question in one round trip."""

from adapters.postgres.documents_confined import confined_sql
from domain.documents.ranking import K

NEAREST = confined_sql("""
    select near.passage_id as id, near.document as document_id, d.title as document_title, c.ordinal,
        c.start_offset, c.end_offset, c.content, 1 - near.distance as score
    from backend_documents.nearest(
        tenant.user_id, $2::text::vector, $3, $4, $6::uuid[], $7::text[], $8::jsonb
    ) as near
    join backend_documents.chunks c on c.user_id = tenant.user_id and c.id = near.passage_id
    left join backend_documents.documents d on d.user_id = tenant.user_id and d.id = near.document
    where 1 - near.distance >= $5
    order by near.distance, near.passage_id offset 0
""")

_MARKED = "(select backend_documents.marked(tenant.user_id, $2))"
_HEADLINE = "'StartSel=**, StopSel=**, MaxFragments=2, MinWords=8, MaxWords=24, FragmentDelimiter=\" … \"'"

# $2 the words, $3 the vector or null, $4 its embedder, $5 the limit, $6 the depth of each list of passages,
# whether to search passages by words ($7) and entities by name ($8), how much of the lists by words is
# counted ($9, at least the depth), and whether to count ($10).
SEARCH = confined_sql(f"""
    with worded as materialized (
        select w.passage_id as id, w.document as document_id, w.score,
            row_number() over (order by w.score desc, w.passage_id) as place
        from backend_documents.passages_by_words(tenant.user_id, $2, $9) as w
        where $7
    ), near as materialized (
        select n.passage_id as id, n.document as document_id, 1 - n.distance as score,
            row_number() over (order by n.distance, n.passage_id) as place
        from backend_documents.nearest(tenant.user_id, $3::text::vector, $4, $6) as n
        where $3 is not null
    ), passages as (
        select coalesce(w.id, n.id) as id, coalesce(w.document_id, n.document_id) as document_id,
            w.place as first_place, w.score as first_score, n.place as second_place, n.score as second_score,
            coalesce(1.0 / ({K} + w.place), 0)::float8 + coalesce(1.0 / ({K} + n.place), 0)::float8 as score
        from (select * from worded where place <= $6) as w full join near n on n.id = w.id
    ), best as (
        select distinct on (p.document_id) p.* from passages p order by p.document_id, p.score desc, p.id
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
        select 'document', d.source_type, count(*)
        from (select document_id from worded union select document_id from near) as found
        join backend_documents.documents d on d.user_id = tenant.user_id and d.id = found.document_id
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
