-- Letters beyond ASCII fold their case whatever locale the database was made with: Postgres' own locale, else
-- the system library's or ICU's, of which every supported server below 17 has one.
do $$
begin
    if current_setting('server_version_num')::integer >= 170000 then
        create collation backend_entities.letters (provider = builtin, locale = 'C.UTF-8');
    else
        begin
            create collation backend_entities.letters (provider = libc, locale = 'C.UTF-8');
        exception when invalid_parameter_value then
            create collation backend_entities.letters (provider = icu, locale = 'und');
        end;
    end if;
end
$$
----
-- A name as it is compared: no case, accents or punctuation; the same as domain/graph/name_likeness.py.
create function backend_entities.folded_name(name text) returns text
language plpgsql immutable parallel safe as $$
declare
    folded text collate backend_entities.letters := lower(name collate backend_entities.letters);
begin
    if octet_length(folded) <> length(folded) then
        folded := normalize(regexp_replace(normalize(folded, nfkd), '[\u0300-\u036f]+', '', 'g'), nfc);
        folded := translate(folded, 'øđłħı’ʼ', 'odlhi''''');
        folded := replace(replace(replace(replace(folded, 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'), 'ß', 'ss');
    end if;
    return trim(regexp_replace(replace(folded, '''', ''), '[^[:alnum:]]+', ' ', 'g'));
end
$$
----
-- What names with typing errors still share: the trigrams of words of five letters and more, and short words
-- without one of their letters ('-'), because an error leaves a short word no trigram. Salted by their user,
-- a key leads into the index's entries of that user alone. Names of absurd length keep their first 10,000.
create function backend_entities.name_keys(salt text, name text) returns text[]
language plpgsql immutable parallel safe as $$
declare
    keys text[] := '{}';
    word text;
    padded text;
    size integer;
begin
    foreach word in array string_to_array(backend_entities.folded_name(name), ' ') loop
        size := length(word);
        if size >= 5 then
            padded := '_' || word || '_';
            for i in 1..size loop
                keys := keys || (salt || substr(padded, i, 3));
            end loop;
        end if;
        if size <= 6 then
            keys := keys || (salt || '-' || word);
            if size >= 3 then
                for i in 1..size loop
                    keys := keys || (salt || '-' || left(word, i - 1) || substr(word, i + 1));
                end loop;
            end if;
        end if;
        exit when cardinality(keys) > 10000;
    end loop;
    return keys;
end
$$
----
create function backend_entities.names_as_keys(tenant uuid, name text, aliases text[]) returns tsvector
language plpgsql immutable parallel safe as $$
begin
    return array_to_tsvector(backend_entities.name_keys(
        right(tenant::text, 4),
        case when aliases = '{}' then name else name || ' ' || array_to_string(aliases, ' ') end
    ));
end
$$
----
-- Which names can be meant: all words that are wanted (of three and more, all but one), each up to one
-- typing error, long ones up to two. An error spoils at most four trigrams in a row; dealt out in turn to
-- groups, it leaves every group one that must be there. Null when nothing, or a whole sentence, is wanted.
create function backend_entities.name_question(salt text, wanted text) returns tsquery
language plpgsql immutable parallel safe as $$
declare
    words text[] := array(
        select distinct word from unnest(string_to_array(backend_entities.folded_name(wanted), ' ')) as word
    );
    long text[] := array(select word from unnest(words) as word where length(word) > 2);
    word text;
    padded text;
    size integer;
    groups integer;
    alternatives text;
    part text;
    parts text[] := '{}';
    but_one text[] := '{}';
begin
    if cardinality(long) = 0 then
        long := words;
    end if;
    if cardinality(long) not between 1 and 8 then
        return null;
    end if;
    foreach word in array long loop
        size := length(word);
        if size <= 5 then
            part := '''' || salt || '-' || word || '''';
            if size >= 3 then
                for i in 1..size loop
                    part := part || '|''' || salt || '-' || left(word, i - 1) || substr(word, i + 1) || '''';
                end loop;
            end if;
        else
            padded := '_' || word || '_';
            groups := case when size >= 12 then 4 else 2 end;
            part := null;
            for g in 0..groups - 1 loop
                alternatives := null;
                for i in 1..size loop
                    if i % groups = g then
                        alternatives := concat_ws('|', alternatives, '''' || salt || substr(padded, i, 3) || '''');
                    end if;
                end loop;
                part := concat_ws('&', part, '(' || alternatives || ')');
            end loop;
        end if;
        parts := parts || ('(' || part || ')');
    end loop;
    if cardinality(parts) < 3 then
        return array_to_string(parts, '&')::tsquery;
    end if;
    for i in 1..cardinality(parts) loop
        but_one := but_one || ('(' || array_to_string(parts[1:i - 1] || parts[i + 1:], '&') || ')');
    end loop;
    return array_to_string(but_one, '|')::tsquery;
end
$$
----
-- How alike two names are, 0 to 1, from the keys of both, of which `wanted` are distinct: the mean of the share
-- of all keys that both have (Dice) and the share of the wanted ones that are there, so that a part of a name
-- is like it too.
create function backend_entities.keys_likeness(wanted text[], keys text[]) returns float8
language plpgsql immutable parallel safe as $$
declare
    shared integer;
    own integer;
begin
    select count(*) filter (where k.key = any(wanted)), count(*) into shared, own
    from (select distinct unnest(keys) as key) as k;
    return coalesce(
        shared::float8 / nullif(cardinality(wanted) + own, 0) + 0.5 * shared / nullif(cardinality(wanted), 0), 0
    );
end
$$
----
-- The active entities of one user whose name or an alias is most like `wanted`, best first, ties by id.
-- Duplicates are found with it, too: select * from backend_entities.similar_names(user, name, 20). Runs as
-- its caller, under row level security. Planned anew each time: with the user and the keys known, the
-- planner sees that the keys alone lead to few rows.
create function backend_entities.similar_names(tenant uuid, wanted text, most integer)
returns table (entity_id uuid, likeness float8)
language plpgsql stable set plan_cache_mode = force_custom_plan as $$
declare
    salt text := right(tenant::text, 4);
    question tsquery := backend_entities.name_question(salt, wanted);
    keys text[];
    salted text[];
    any_key tsquery;
begin
    if question is null then
        return;
    end if;
    keys := array(select distinct unnest(backend_entities.name_keys('', wanted)));
    salted := array(select salt || k from unnest(keys) as k);
    any_key := array_to_string(array(select '''' || k || '''' from unnest(salted) as k), '|')::tsquery;
    return query
        select near.id, alike.likeness
        from (
            select e.id, e.name, e.aliases, e.name_keys
            from backend_entities.entities e
            where e.user_id = tenant and e.is_active and e.name_keys @@ question
            order by ts_rank(e.name_keys, any_key) desc, length(e.name_keys), e.id
            limit greatest(50, most)
        ) as near
        -- The keys of a thing with one name are there already.
        cross join lateral (
            select backend_entities.keys_likeness(salted, tsvector_to_array(near.name_keys)) as likeness
            where near.aliases = '{}'
            union all
            select max(backend_entities.keys_likeness(keys, backend_entities.name_keys('', n)))
            from unnest(near.name || near.aliases) as n
            where near.aliases <> '{}'
            having count(*) > 0
        ) as alike
        order by alike.likeness desc, near.id limit most;
end
$$
----
alter table backend_entities.entities add column name_keys tsvector
    generated always as (backend_entities.names_as_keys(user_id, name, aliases)) stored
----
create index entities_name_keys_idx on backend_entities.entities using gin (name_keys)
