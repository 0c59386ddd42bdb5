alter function backend_entities.relationship_content(backend_entities.relationships) immutable
----
alter function backend_entities.entity_content(backend_entities.entities) immutable
----
alter function backend_entities.keep_entity_versions() reset all
----
alter function backend_entities.keep_relationship_versions() reset all
----
drop table backend_entities.graph_settings
----
drop table backend_entities.merge_rows
----
drop table backend_entities.merges
----
drop index backend_entities.relationships_dormant_target_idx
----
drop index backend_entities.relationships_dormant_source_idx
----
alter table backend_entities.entities drop column merged_into
----
drop function backend_entities.relationship_data(backend_entities.relationships)
----
drop function backend_operations.rfc3339(timestamptz)
----
drop function backend_operations.new_id()
