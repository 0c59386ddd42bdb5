drop function backend_entities.merged_sources(uuid, uuid)
----
drop index backend_entities.entities_merged_into_idx
----
drop function backend_entities.merged_target(uuid, text, text)
----
drop index backend_entities.entities_merged_external_id_idx
----
drop trigger drop_rows on backend_entities.merges
----
drop function backend_entities.drop_merge_rows()
----
create index merge_rows_row_idx on backend_entities.merge_rows (user_id, row_id)
----
alter table backend_entities.merge_rows
    add foreign key (user_id, merge_id) references backend_entities.merges (user_id, id) on delete cascade
