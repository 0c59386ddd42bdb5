-- The configurations every supported server has; by name, because their numbers do not survive an upgrade.
create function backend_documents.configuration(language text) returns regconfig
language plpgsql immutable parallel safe as $$
begin
    return ('pg_catalog.' || language)::regconfig;
end
$$
----
alter table backend_documents.documents add column language text not null default 'english'
    constraint documents_language_check check (language in (
        'arabic', 'armenian', 'basque', 'catalan', 'danish', 'dutch', 'english', 'finnish', 'french', 'german',
        'greek', 'hindi', 'hungarian', 'indonesian', 'irish', 'italian', 'lithuanian', 'nepali', 'norwegian',
        'portuguese', 'romanian', 'russian', 'serbian', 'simple', 'spanish', 'swedish', 'tamil', 'turkish', 'yiddish'
    ))
----
create index documents_language_idx on backend_documents.documents (user_id, language)
----
-- The words of a passage with their places. Letters fold first, because the parser folds them as the database's
-- locale can. Salted by four digits of their user, words lead into the index's entries of that user alone
-- (and of one other in 65,536), however many passages others have; the policy still decides who sees what. Words
-- too long to be salted, some 2,000 letters, are no words.
create function backend_documents.searchable(tenant uuid, language text, content text) returns tsvector
language plpgsql immutable parallel safe as $$
declare
    salt text := right(tenant::text, 4);
    found tsvector := to_tsvector(
        backend_documents.configuration(language), lower(content collate backend_entities.letters)
    );
    words text := found;
begin
    if octet_length(words) > 2000 then
        words := ts_delete(
            found, array(select w from unnest(tsvector_to_array(found)) as w where octet_length(w) > 2000)
        );
    end if;
    -- No word holds a blank, so that each but the first begins after one.
    return case when words = '' then '' else '''' || salt || substr(replace(words, ' ''', ' ''' || salt), 2) end;
end
$$
----
-- A question put to such words.
create function backend_documents.salted(tenant uuid, question tsquery) returns tsquery
language plpgsql immutable parallel safe as $$
begin
    return regexp_replace(
        question::text, $re$'((?:[^']|'')*)'$re$, '''' || right(tenant::text, 4) || '\1''', 'g'
    )::tsquery;
end
$$
----
alter table backend_documents.chunks
    add column language text not null default 'english',
    drop column search
----
alter table backend_documents.chunks add column search tsvector
    generated always as (backend_documents.searchable(user_id, language, content)) stored
----
-- Without a list of what is still to be sorted in, which every search would read through for each of its words.
create index chunks_search_idx on backend_documents.chunks using gin (search) with (fastupdate = off)
----
-- A passage speaks its document's language, whoever writes it.
create function backend_documents.speak() returns trigger language plpgsql as $$
begin
    if new.document_id is not null then
        new.language := coalesce(
            (select d.language from backend_documents.documents d
            where d.user_id = new.user_id and d.id = new.document_id),
            new.language
        );
    end if;
    return new;
end
$$
----
create trigger speak before insert on backend_documents.chunks
    for each row execute function backend_documents.speak()
----
-- The languages of one user's documents, by one step of the index for each.
create function backend_documents.languages(tenant uuid) returns text[]
language plpgsql stable as $$
declare
    found_ones text[] := '{}';
    this text;
begin
    loop
        select min(d.language) into this from backend_documents.documents d
        where d.user_id = tenant and d.language > coalesce(this, '');
        exit when this is null;
        found_ones := found_ones || this;
    end loop;
    return found_ones;
end
$$
----
-- The question as each of the user's languages reads it, one or the other; null without documents.
create function backend_documents.question(tenant uuid, question text) returns tsquery
language plpgsql stable as $$
declare
    language text;
    whole tsquery;
    part tsquery;
begin
    foreach language in array backend_documents.languages(tenant) loop
        part := websearch_to_tsquery(
            backend_documents.configuration(language), lower(question collate backend_entities.letters)
        );
        if whole is null or numnode(whole) = 0 then
            whole := part;
        elsif numnode(part) > 0 and part <> whole then
            whole := whole || part;
        end if;
    end loop;
    return whole;
end
$$
