-- A search compares a user's vectors by the thousand, and visits rows for words by the thousand. So rows are small,
-- what is read of few is kept beside them, and an index holds each user's directions, in half precision, together.
alter table backend_documents.chunks
    set (toast_tuple_target = 128),
    add column direction halfvec(384) generated always as (l2_normalize(embedding)::halfvec(384)) stored
----
alter table backend_documents.chunks alter column direction set storage external
----
create index chunks_direction_idx on backend_documents.chunks (user_id, embedder) include (id, document_id, direction)
----
-- The `most` passages nearest to a vector among those of an embedder, nearest first, ties by id; of any document,
-- or, unless null, of these documents with all of these tags and metadata. All are compared in half precision, and
-- 100 more than wanted in full: rounding moves a cosine by less than 0.001, so that only vectors as near to each
-- other as that could change places. Runs as its caller, under row level security. Read from the index alone,
-- which the planner, who does not know what opening a vector costs, would take for the longer way.
create function backend_documents.nearest(
    tenant uuid, wanted vector, same_embedder text, most integer,
    documents uuid[] default null, all_tags text[] default '{}', all_metadata jsonb default '{}'
) returns table (passage_id uuid, document uuid, distance float8)
language plpgsql stable
set enable_bitmapscan = off set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
declare
    toward halfvec := l2_normalize(wanted)::halfvec;
    spare constant integer := 100;
    likely uuid[];
begin
    -- The additions keep the planner from an approximate index, which under a user's filter loses rows.
    if documents is null and all_tags = '{}' and all_metadata = '{}' then
        likely := array(
            select c.id from backend_documents.chunks c
            where c.user_id = tenant and c.embedder = same_embedder
            order by (c.direction <#> toward) + 0, c.id limit most + spare
        );
    else
        likely := array(
            select c.id from backend_documents.chunks c
            where c.user_id = tenant and c.embedder = same_embedder
                and (documents is null or c.document_id = any(documents))
                and (all_tags = '{}' and all_metadata = '{}' or exists (
                    select from backend_documents.documents d
                    where d.user_id = tenant and d.id = c.document_id
                        and d.tags @> all_tags and d.metadata @> all_metadata
                ))
            order by (c.direction <#> toward) + 0, c.id limit most + spare
        );
    end if;
    return query
        select c.id, c.document_id, (c.embedding <=> wanted) + 0 as far
        from unnest(likely) as l(id)
        join backend_documents.chunks c on c.user_id = tenant and c.id = l.id
        order by far, c.id limit most;
end
$$
