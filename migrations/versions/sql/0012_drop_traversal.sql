drop function backend_entities.common_neighbors(
    uuid, uuid, uuid, text, text[], text[], double precision, integer
)
----
drop function backend_entities.strongest_path(
    uuid, uuid, uuid, text, text[], text[], double precision, integer, integer, integer
)
----
drop function backend_entities.shortest_paths(
    uuid, uuid, uuid, text, text[], text[], double precision, integer, integer, integer
)
----
drop function backend_entities.steps_into(
    uuid, uuid[], uuid[], text, text[], double precision, integer
)
----
drop function backend_entities.next_layer(
    uuid, uuid[], uuid[], uuid, text, text[], text[], double precision
)
----
drop function backend_entities.reversed(text)
----
drop function backend_entities.neighborhood(
    uuid, uuid, integer, text, text[], text[], double precision, integer, integer, integer
)
----
drop function backend_entities.all_neighbors(uuid, uuid, text, text[], double precision, integer)
----
drop function backend_entities.require_active(uuid, uuid[])
----
drop function backend_entities.edges_between(uuid, uuid, uuid, text, text[], double precision)
----
drop function backend_entities.edges_at(uuid, uuid, text, text[], double precision)
----
drop function backend_entities.relationship_json(backend_entities.relationships)
----
drop function backend_entities.entity_json(backend_entities.entities)
----
drop function backend_entities.entity_fields(backend_entities.entities)
----
drop function backend_entities.json_text(text)
----
drop function backend_entities.rfc3339(timestamptz)
----
drop index backend_entities.relationships_source_idx
----
drop index backend_entities.relationships_target_idx
----
create index relationships_source_idx on backend_entities.relationships (user_id, source_entity_id)
    include (target_entity_id, type, confidence, id) where is_active
----
create index relationships_target_idx on backend_entities.relationships (user_id, target_entity_id)
    include (source_entity_id, type, confidence, id) where is_active
