create or replace function backend_operations.begin_work(
    tenant uuid, idempotency_key bytea, request_fingerprint bytea
) returns void language plpgsql volatile as $$
declare
    known record;
    alone boolean;
begin
    perform set_config('app.user_id', tenant::text, true);
    if idempotency_key is null then
        return;
    end if;
    alone := pg_try_advisory_xact_lock(hashtextextended(tenant::text || encode(idempotency_key, 'hex'), 0));
    -- Looked up after the lock was tried: whoever held it before has committed by then, or rolled back.
    select k.fingerprint, k.resource_id into known from backend_operations.idempotency_keys k
        where k.user_id = tenant and k.key = idempotency_key;
    if found and known.fingerprint <> request_fingerprint then
        raise exception 'the idempotency key was used for another request' using errcode = 'KG002';
    end if;
    if found then
        raise exception 'the idempotency key was used' using errcode = 'KG003', detail = known.resource_id::text;
    end if;
    if not alone then
        raise exception 'the idempotency key is in use' using errcode = 'KG001';
    end if;
end
$$
