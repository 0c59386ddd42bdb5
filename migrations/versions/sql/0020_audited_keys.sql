-- A change of the signing keys is nobody's row of the audit log.
create policy signing_keys on backend_operations.audit_logs for insert
    with check ((select current_setting('app.scope', true)) = 'signing'
        and user_id = '00000000-0000-0000-0000-000000000000' and action like 'signing\_keys.%')
----
-- Replaces the keys and says so in the audit log, or does neither; false when the keys seen are not those that
-- are there. The one way there is: the runtime login may not replace them without.
create function backend_auth.change_signing_keys(
    seen text[], kids text[], states text[], sealed_keys bytea[],
    created timestamptz[], activated timestamptz[], expires timestamptz[],
    change_id uuid, change_action text, changed_at timestamptz, change_request_id text
) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    nobody constant uuid := '00000000-0000-0000-0000-000000000000';
begin
    if not backend_auth.replace_signing_keys(seen, kids, states, sealed_keys, created, activated, expires) then
        return false;
    end if;
    perform set_config('app.scope', 'signing', true);
    insert into backend_operations.audit_logs
        (user_id, id, actor_id, action, resource_id, outcome, request_id, occurred_at)
    values (nobody, change_id, nobody, change_action, nobody, 'success', change_request_id, changed_at);
    perform set_config('app.scope', '', true);
    return true;
end
$$
