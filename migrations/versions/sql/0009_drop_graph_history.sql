drop trigger keep_versions on backend_entities.relationships
----
drop trigger keep_versions on backend_entities.entities
----
drop trigger sign_change on backend_entities.relationships
----
drop trigger sign_change on backend_entities.entities
----
drop function backend_entities.keep_relationship_versions()
----
drop function backend_entities.keep_entity_versions()
----
drop function backend_entities.sign_change()
----
drop function backend_entities.relationship_content(backend_entities.relationships)
----
drop function backend_entities.entity_content(backend_entities.entities)
----
drop table backend_entities.relationship_versions
----
drop table backend_entities.entity_versions
----
alter table backend_entities.relationships
    drop column external_id, drop column deleted_with_end, drop column changed_by
----
alter table backend_entities.entities drop column external_id, drop column changed_by
----
drop function backend_operations.acting()
