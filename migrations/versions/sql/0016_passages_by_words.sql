-- The `most` passages that hold words of the question, best first, ties by id. A question of plain words
-- finds passages with any of them: rare words count more (BM25's inverse document frequency, of this user's
-- passages), so do repeated ones, and long passages less. One with operators ("", -, or) is taken at its
-- word. No word leads to more than 10,000 passages. Runs as its caller, under row level security, and is
-- planned anew each time, because what suits a user with ten passages does not suit one with 100,000.
create function backend_documents.passages_by_words(tenant uuid, question text, most integer)
returns table (passage_id uuid, score float8)
language plpgsql stable set plan_cache_mode = force_custom_plan as $$
declare
    wanted tsquery := backend_documents.question(tenant, question);
    words text[];
    everything bigint;
begin
    if coalesce(numnode(wanted), 0) = 0 then
        return;
    end if;
    if question ~* '"|(^|\s)-|\mor\M' then
        return query
            select c.id, ts_rank_cd(c.search, wanted)::float8 as rank
            from backend_documents.chunks c
            where c.user_id = tenant and c.document_id is not null and c.search @@ wanted
            order by rank desc, c.id limit most;
        return;
    end if;
    words := array(
        select distinct unnest(tsvector_to_array(
            to_tsvector(backend_documents.configuration(language), question)
        ))
        from unnest(backend_documents.languages(tenant)) as language
        limit 100
    );
    select count(*) into everything from backend_documents.chunks c where c.user_id = tenant;
    return query
        with terms as (
            select word, ('''' || replace(replace(word, '\', '\\'), '''', '''''') || '''')::tsquery as term
            from unnest(words) as word
        ), matches as materialized (
            select t.word, found.id
            from terms t
            cross join lateral (
                select c.id from backend_documents.chunks c
                where c.user_id = tenant and c.document_id is not null and c.search @@ t.term
                limit 10000
            ) as found
        ), weights as materialized (
            select t.word, t.term,
                ln(1 + greatest(everything - n.passages + 0.5, 0.5) / (n.passages + 0.5))::float8 as weight
            from terms t
            join (select word, count(*) as passages from matches group by word) as n on n.word = t.word
        ), likely as materialized (
            select m.id, sum(w.weight) as weight
            from matches m join weights w on w.word = m.word
            group by m.id order by weight desc, m.id limit greatest(most, 100)
        ), sized as materialized (
            select c.id, c.search, length(c.search)::float8 / nullif(avg(length(c.search)) over (), 0) as size
            from likely l join backend_documents.chunks c on c.user_id = tenant and c.id = l.id
        )
        -- A single occurrence has rank 0.0607927, which makes it one; more come near to 1.64.
        select s.id, (
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
