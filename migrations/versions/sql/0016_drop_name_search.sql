drop function backend_documents.nearest(uuid, vector, text, integer, uuid[], text[], jsonb)
----
drop function backend_documents.marked(uuid, text)
----
drop function backend_entities.names_by_words(uuid, text, integer)
----
drop function backend_documents.passages_by_words(uuid, text, integer)
----
drop function backend_documents.question(uuid, text)
----
drop function backend_documents.languages(uuid)
----
drop trigger speak on backend_documents.chunks
----
drop function backend_documents.speak()
----
alter table backend_documents.chunks
    reset (toast_tuple_target), drop column search, drop column direction, drop column language
----
drop function backend_documents.salted(uuid, tsquery)
----
drop function backend_documents.searchable(uuid, text, text)
----
alter table backend_documents.chunks add column search tsvector
    generated always as (to_tsvector('english', content)) stored
----
create index chunks_search_idx on backend_documents.chunks using gin (search)
----
alter table backend_documents.documents drop column language
----
drop function backend_documents.configuration(text)
----
alter table backend_entities.entities drop column name_keys
----
drop function backend_entities.similar_names(uuid, text, integer)
----
drop function backend_entities.keys_likeness(text[], text[])
----
drop function backend_entities.name_question(text, text)
----
drop function backend_entities.names_as_keys(uuid, text, text[])
----
drop function backend_entities.name_keys(text, text)
----
drop function backend_entities.folded_name(text)
----
drop collation backend_entities.letters
