-- What names have in common that may mean one thing, as numbers. What shares none is never compared. The kind is
-- in the upper bits, so that a walk along the blocks meets the surest ones first: 0 the same letters, 1 a word's
-- consonants, 2 initials, 3 a word, 4 its beginning. Only active entities are here, and no index leads from an
-- entity to its blocks: its names do.
create table backend_entities.entity_blocks (
    user_id uuid not null,
    block bigint not null,
    entity_id uuid not null,
    primary key (user_id, block, entity_id)
)
----
create function backend_entities.name_words(name text) returns text[]
language sql immutable parallel safe as $$
    select array_remove(string_to_array(translate(
        translate(lower(name), 'áàâäãåāéèêëēíìîïīóòôöõōúùûüūñçšžłøđýÿ', 'aaaaaaaeeeeeiiiiioooooouuuuuncszlodyy'), '-_/,;:()[]{}&+*!?|#@.''’ʼ`"', '                    '
    ), ' '), '')
$$
----
-- Of many names at once, each with the entity it belongs to.
create function backend_entities.name_blocks(owners uuid[], names text[])
returns table (entity_id uuid, block bigint)
language sql immutable parallel safe as $$
    with names as materialized (
        select n.owner, n.place as name, backend_entities.name_words(n.name) as words
        from unnest(owners, names) with ordinality as n(owner, name, place)
    ), words as materialized (
        select names.owner, names.name, w.word, w.place, cardinality(names.words) as many
        from names cross join lateral unnest(names.words) with ordinality as w(word, place)
    ), initials as (
        select owner, string_agg(left(word, 1), '' order by place) as every,
            string_agg(left(word, 1), '' order by place) filter (where word not in (
                'a', 'al', 'an', 'and', 'de', 'du', 'el', 'et', 'for', 'in', 'la', 'le', 'of', 'on', 'the', 'to', 'van', 'von'
            )) as telling
        from words where many between 2 and 8 group by owner, name
    ), spelled as (
        select owner, 3 as kind, word as block from words where length(word) > 1
        union all
        select owner, 4, left(word, 5) from words where length(word) > 5
        union all
        select owner, 1, left(word, 1)
            || regexp_replace(translate(substr(word, 2), 'aeiouyh', ''), '(.)\1+', '\1', 'g')
        from words where length(word) > 3
        union all
        select owner, 2, every from initials where length(every) <= 6
        union all
        select owner, 2, telling from initials where length(telling) between 2 and 6
        union all
        select owner, 2, word from words where many = 1 and length(word) between 2 and 6
        union all
        select owner, 0, left(array_to_string(words, ''), 100) from names where cardinality(words) > 0
    )
    select distinct s.owner, s.kind::bigint << 60 | hashtextextended(s.block, 0) & 1152921504606846975
    from spelled s
$$
----
-- Adds the blocks of one user's names, or takes them away. Whoever loads tables on behalf of all users has not
-- become this one. Blocks are looked up by their key, however many rows the planner takes a user to have.
create function backend_entities.put_blocks(tenant uuid, owners uuid[], names text[], present boolean)
returns void language plpgsql set enable_nestloop = on set enable_hashjoin = off set enable_mergejoin = off as $$
declare
    former text := coalesce(current_setting('app.user_id', true), '');
begin
    perform set_config('app.user_id', tenant::text, true);
    if present then
        insert into backend_entities.entity_blocks (user_id, block, entity_id)
        select tenant, found.block, found.entity_id from backend_entities.name_blocks(owners, names) as found;
    else
        delete from backend_entities.entity_blocks b using backend_entities.name_blocks(owners, names) as found
        where b.user_id = tenant and b.block = found.block and b.entity_id = found.entity_id;
    end if;
    perform set_config('app.user_id', former, true);
end
$$
----
-- They follow the names, a statement's rows at once; nobody else writes them. The plan is kept, made for as many
-- rows as came first: see the keeping of versions.
create function backend_entities.keep_blocks() returns trigger
language plpgsql security definer set search_path = pg_catalog set enable_nestloop = off as $$
declare
    tenant uuid;
    present boolean;
    owners uuid[];
    names text[];
begin
    if tg_op = 'INSERT' then
        for tenant, owners, names in
            select e.user_id, array_agg(e.id), array_agg(n.name)
            from became e cross join lateral unnest(e.name || e.aliases[1:19]) as n(name)
            where e.is_active group by e.user_id
        loop
            perform backend_entities.put_blocks(tenant, owners, names, true);
        end loop;
    elsif tg_op = 'DELETE' then
        for tenant, owners, names in
            select e.user_id, array_agg(e.id), array_agg(n.name)
            from was e cross join lateral unnest(e.name || e.aliases[1:19]) as n(name)
            where e.is_active group by e.user_id
        loop
            perform backend_entities.put_blocks(tenant, owners, names, false);
        end loop;
    else
        for tenant, present, owners, names in
            select w.user_id, e.present, array_agg(w.id), array_agg(n.name)
            from was w join became b on b.user_id = w.user_id and b.id = w.id
            cross join lateral (values
                (false, w.name, w.aliases, w.is_active), (true, b.name, b.aliases, b.is_active)
            ) as e(present, name, aliases, is_active)
            cross join lateral unnest(e.name || e.aliases[1:19]) as n(name)
            where e.is_active and (w.name, w.aliases, w.is_active) <> (b.name, b.aliases, b.is_active)
            group by w.user_id, e.present order by e.present
        loop
            perform backend_entities.put_blocks(tenant, owners, names, present);
        end loop;
    end if;
    return null;
end
$$
----
create trigger block after insert on backend_entities.entities
    referencing new table as became
    for each statement execute function backend_entities.keep_blocks()
----
create trigger block_again after update on backend_entities.entities
    referencing old table as was new table as became
    for each statement execute function backend_entities.keep_blocks()
----
create trigger block_no_more after delete on backend_entities.entities
    referencing old table as was
    for each statement execute function backend_entities.keep_blocks()
----
-- The owner sees everybody's for the moment.
alter table backend_entities.entities no force row level security
----
insert into backend_entities.entity_blocks (user_id, block, entity_id)
select e.user_id, found.block, found.entity_id
from (
    select e.user_id, array_agg(e.id) as owners, array_agg(n.name) as names
    from backend_entities.entities e cross join lateral unnest(e.name || e.aliases[1:19]) as n(name)
    where e.is_active group by e.user_id
) as e cross join lateral backend_entities.name_blocks(e.owners, e.names) as found
----
alter table backend_entities.entities force row level security
