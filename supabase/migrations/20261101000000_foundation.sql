-- The base of every later migration: a schema for helpers that no API reaches, privileges that are closed by default,
-- and one function that raises business errors.

create schema private;
revoke all on schema private from public;
grant usage on schema private to service_role;

-- "in schema public" is left out, because with it PUBLIC would keep its built-in right to execute.
alter default privileges revoke execute on functions from public;
alter default privileges in schema public revoke execute on functions from anon, authenticated;
alter default privileges in schema public revoke all on tables from anon, authenticated;
alter default privileges in schema public revoke all on sequences from anon, authenticated;
alter default privileges in schema private grant execute on functions to service_role;

-- Raises a business error that PostgREST answers with this HTTP status. The hint carries the stable error code of
-- src/lib/errors.ts, which the application reads.
create function private.refuse(p_status integer, p_code text, p_message text, p_detail text default null)
returns void
language plpgsql
set search_path = ''
as $$
begin
  raise exception using
    errcode = 'PT' || p_status,
    message = p_message,
    detail = coalesce(p_detail, ''),
    hint = p_code;
end
$$;

revoke execute on function private.refuse from public, anon, authenticated;
grant execute on function private.refuse to service_role;
