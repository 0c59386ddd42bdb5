-- A moment as JSON carries it: in UTC, and with six digits of a second unless it is a whole one.
create function backend_entities.rfc3339(moment timestamptz) returns text language sql stable parallel safe as $$
    select to_char(moment at time zone 'UTC', case
        when moment::timestamptz(0) = moment then 'YYYY-MM-DD"T"HH24:MI:SS"Z"'
        else 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
    end)
$$
----
-- Text as JSON, null included.
create function backend_entities.json_text(value text) returns text language sql stable parallel safe as $$
    select coalesce(to_json(value)::text, 'null')
$$
----
-- What the API shows of an entity and of a relationship, in its order. Written as JSON here, many rows cost a
-- fraction of what they cost when the driver makes values of every column first; put together from its parts,
-- a row costs half of what `row_to_json` takes to find out its columns and how each is written. The functions
-- are planned as part of the statement that calls them. `entity_fields` leaves the closing brace to others.
create function backend_entities.entity_fields(e backend_entities.entities) returns text
language sql stable parallel safe as $$
    select '{"id":"' || e.id || '","name":' || to_json(e.name) || ',"type":' || to_json(e.type)
        || ',"confidence":' || e.confidence || ',"source":' || backend_entities.json_text(e.source)
        || ',"source_type":' || backend_entities.json_text(e.source_type)
        || ',"external_id":' || backend_entities.json_text(e.external_id) || ',"metadata":' || e.metadata
        || ',"aliases":' || to_json(e.aliases) || ',"is_active":' || e.is_active || ',"version":' || e.version
        || ',"created_at":"' || backend_entities.rfc3339(e.created_at)
        || '","updated_at":"' || backend_entities.rfc3339(e.updated_at) || '"'
$$
----
create function backend_entities.entity_json(e backend_entities.entities) returns text
language sql stable parallel safe as $$
    select backend_entities.entity_fields(e) || '}'
$$
----
create function backend_entities.relationship_json(r backend_entities.relationships) returns text
language sql stable parallel safe as $$
    select '{"id":"' || r.id || '","source_entity_id":"' || r.source_entity_id
        || '","target_entity_id":"' || r.target_entity_id || '","relationship_type":' || to_json(r.type)
        || ',"confidence":' || r.confidence || ',"source":' || backend_entities.json_text(r.source)
        || ',"source_type":' || backend_entities.json_text(r.source_type)
        || ',"external_id":' || backend_entities.json_text(r.external_id) || ',"metadata":' || r.metadata
        || ',"is_active":' || r.is_active || ',"version":' || r.version
        || ',"created_at":"' || backend_entities.rfc3339(r.created_at)
        || '","updated_at":"' || backend_entities.rfc3339(r.updated_at) || '"}'
$$
