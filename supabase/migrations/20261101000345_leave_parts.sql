-- Parts that no run will finish. When a run fails for good, its part is dead and waits for an administrator with its
-- dead letter. When the dead letter is ignored, its part is skipped, so that the rest of the job can end.

-- The part of a dead letter: the part that the letter's event names, or else the part that the failed run claimed.
create function private.part_of_letter(p_event_data jsonb, p_run_id text)
returns bigint
language sql stable
set search_path = ''
as $$
  select id from public.job_parts
  where job_id = case when p_event_data ->> 'parentJobId' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
      then (p_event_data ->> 'parentJobId')::uuid end
    and case when p_event_data ? 'part'
      then part_no = case when p_event_data ->> 'part' ~ '^[0-9]{1,9}$' then (p_event_data ->> 'part')::integer end
      else claimant = p_run_id and status <> 'done' end
  limit 1;
$$;

-- Whether the part is unfinished and no other run works on it.
create function private.part_is_left(p_part public.job_parts, p_run_id text, p_now timestamptz)
returns boolean
language sql immutable
set search_path = ''
as $$
  select p_part.status in ('pending', 'dead')
    or (p_part.status = 'claimed' and (p_part.claimant = p_run_id or p_part.lease_expires_at <= p_now));
$$;

-- ABANDON. The run has failed for good: its part is dead.
create function private.abandon_part(p_event_data jsonb, p_run_id text, p_now timestamptz)
returns void
language sql
set search_path = ''
as $$
  update public.job_parts as part set status = 'dead', lease_expires_at = null, waiting_until = null
  where id = private.part_of_letter(p_event_data, p_run_id) and private.part_is_left(part, p_run_id, p_now);
$$;

-- An administrator reprocesses the dead letter: its part is open again.
create function private.reopen_part(p_event_data jsonb, p_run_id text, p_function_id text, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_on_reopen text := (select on_reopen from private.work_kinds where function_id = p_function_id);
  v_part public.job_parts;
begin
  update public.job_parts set status = 'pending'
  where id = private.part_of_letter(p_event_data, p_run_id) and status = 'dead' returning * into v_part;
  if v_part.id is not null and v_on_reopen is not null then
    execute format('select %s($1, $2)', v_on_reopen) using v_part, p_now;
  end if;
end
$$;

-- The counts of a skipped part. The function on_skip (work_kinds) returns them; units that on_skip does not count are
-- counted as "skipped".
create function private.counts_of_skipped_part(
  p_part public.job_parts, p_function_id text, p_note text, p_now timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_on_skip text := (select on_skip from private.work_kinds where function_id = p_function_id);
  v_counts jsonb := '{}';
begin
  if v_on_skip is not null then
    execute format('select %s($1, $2, $3)', v_on_skip) into v_counts using p_part, p_note, p_now;
  end if;
  return coalesce(v_counts, '{}');
end
$$;

-- SKIP. An administrator ignores the dead letter, so the rest of the part stays undone. The function on_skip
-- (work_kinds) updates the rows of the rest and returns their counts; units that on_skip does not count are counted as
-- "skipped". A part that another run has claimed continues.
create function private.skip_part(
  p_event_data jsonb, p_run_id text, p_function_id text, p_note text, p_now timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_part public.job_parts;
begin
  select * into v_part from public.job_parts
  where id = private.part_of_letter(p_event_data, p_run_id) for no key update;
  if private.part_is_left(v_part, p_run_id, p_now) then
    perform private.settle_part(v_part.id, v_part.lease_token,
      private.counts_of_skipped_part(v_part, p_function_id, p_note, p_now), v_part.last_no + 1, p_now);
  end if;
end
$$;

revoke execute on function private.part_of_letter, private.part_is_left, private.abandon_part, private.reopen_part,
  private.counts_of_skipped_part, private.skip_part from public, anon, authenticated;
grant execute on function private.part_of_letter, private.part_is_left, private.abandon_part, private.reopen_part,
  private.counts_of_skipped_part, private.skip_part to service_role;
