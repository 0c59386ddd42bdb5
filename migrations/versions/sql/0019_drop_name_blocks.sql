drop trigger block_no_more on backend_entities.entities
----
drop trigger block_again on backend_entities.entities
----
drop trigger block on backend_entities.entities
----
drop function backend_entities.keep_blocks()
----
drop function backend_entities.put_blocks(uuid, uuid[], text[], boolean)
----
drop function backend_entities.name_blocks(uuid[], text[])
----
drop function backend_entities.name_words(text)
----
drop table backend_entities.entity_blocks
