-- The `most` passages that hold words of the question, best first, ties by id. A question of plain words
-- finds passages with any of them: rare words count more (BM25's inverse document frequency, of this user's
-- passages), so do repeated ones, and long passages less. One with operators ("", -, or) is taken at its
-- word. No word leads to more than 10,000 passages. Runs as its caller, under row level security, and is
-- planned anew each time, because what suits a user with ten passages does not suit one with 100,000; never by
-- reading all rows, which look small to the planner, who does not count what opening their words costs.
create function backend_documents.passages_by_words(tenant uuid, question text, most integer)
returns table (passage_id uuid, document uuid, score float8)
language plpgsql stable set plan_cache_mode = force_custom_plan set enable_seqscan = off as $$
declare
    wanted tsquery := backend_documents.salted(tenant, backend_documents.question(tenant, question));
    salt text := right(tenant::text, 4);
    words text[];
    everything float8;
begin
    if coalesce(numnode(wanted), 0) = 0 then
        return;
    end if;
    if question ~* '"|(^|\s)-|\mor\M' then
        return query
            select c.id, c.document_id, ts_rank_cd(c.search, wanted)::float8 as rank
            from backend_documents.chunks c
            where c.user_id = tenant and c.document_id is not null and c.search @@ wanted
            order by rank desc, c.id limit most;
        return;
    end if;
    words := array(
        select distinct salt || unnest(tsvector_to_array(to_tsvector(
            backend_documents.configuration(language), lower(question collate backend_entities.letters)
        )))
        from unnest(backend_documents.languages(tenant)) as language
        limit 100
    );
    select count(*) into everything from backend_documents.chunks c where c.user_id = tenant;
    return query
        with terms as (
            select t.number, quoted::tsquery as term, quoted::tsquery as again
            from unnest(words) with ordinality as t(word, number)
            cross join lateral (
                select '''' || replace(replace(t.word, '\', '\\'), '''', '''''') || '''' as quoted
            ) as q
        ), lists as (
            select t.number, t.term, found.ids, ln(
                1 + greatest(everything - cardinality(found.ids) + 0.5, 0.5) / (cardinality(found.ids) + 0.5)
            ) as weight
            from terms t
            cross join lateral (
                select coalesce(array_agg(of_user.id), '{}') as ids
                from (
                    -- Asked twice, because the planner does not know that only this user's passages have such
                    -- words: it would read the list of all of them, too, for each word.
                    select c.id from backend_documents.chunks c
                    where c.user_id = tenant and c.document_id is not null
                        and c.search @@ t.term and c.search @@ t.again
                    limit 10000
                ) as of_user
            ) as found
        ), weighed as materialized (
            -- A word that enough passages have is what the last of the best weighs at least: passages that have
            -- only commoner words, which all together weigh less, are not among them and need not be added up.
            select number, term, ids, weight, sum(weight) over (order by weight, number) <
                coalesce(max(weight) filter (where cardinality(ids) >= greatest(most, 100)) over (), 0) as common
            from lists
        ), weights as materialized (
            -- Without the lists, which would be read again for every passage.
            select term, weight from weighed
        ), found as materialized (
            select f.id, sum(w.weight) as weight from weighed w cross join unnest(w.ids) as f(id)
            where not w.common group by f.id
        ), likely as materialized (
            select m.id, sum(m.weight) as weight
            from (
                select f.id, f.weight from found f
                union all
                select also.id, w.weight from weighed w cross join unnest(w.ids) as also(id)
                where w.common and also.id in (select f.id from found f)
            ) as m
            group by m.id order by weight desc, m.id limit greatest(most, 100)
        ), opened as materialized (
            -- Joined to nothing, because that unpacks the words once instead of for each one wanted.
            select c.id, c.document_id, c.search || '' as search
            from likely l join backend_documents.chunks c on c.user_id = tenant and c.id = l.id
        ), sized as (
            select o.id, o.document_id, o.search,
                length(o.search)::float8 / nullif(avg(length(o.search)) over (), 0) as size
            from opened o
        )
        -- A single occurrence has rank 0.0607927, which makes it one; more come near to 1.64.
        select s.id, s.document_id, (
            select sum(w.weight * ts_rank(s.search, w.term) / 0.0607927) from weights w
        ) / (0.4 + 0.6 * s.size) as worth
        from sized s
        order by worth desc, s.id limit most;
end
$$
----
-- The active entities of one user with all words in their names, best first: the shorter its names, the
-- better the match, then the surer.
create function backend_entities.names_by_words(tenant uuid, question text, most integer)
returns table (entity_id uuid, score float8, place bigint)
language plpgsql stable set plan_cache_mode = force_custom_plan as $$
declare
    wanted tsquery := websearch_to_tsquery('pg_catalog.simple', question);
begin
    return query
        select found.id, found.rank::float8,
            row_number() over (order by found.rank desc, found.confidence desc, found.id)
        from (
            select e.id, e.confidence, ts_rank_cd(e.search, wanted, 1) as rank
            from backend_entities.entities e
            where e.user_id = tenant and e.is_active and e.search @@ wanted
            order by rank desc, e.confidence desc, e.id limit most
        ) as found;
end
$$
----
-- What a snippet marks: any word of a plain question, and only what was meant of one with operators.
create function backend_documents.marked(tenant uuid, question text) returns tsquery
language plpgsql stable as $$
declare
    wanted tsquery := backend_documents.question(tenant, question);
begin
    return case when question ~* '"|(^|\s)-|\mor\M' then wanted
        else replace(wanted::text, ' & ', ' | ')::tsquery end;
end
$$
