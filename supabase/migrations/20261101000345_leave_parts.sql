-- Parts that no run will finish: the part of a run that failed for good is dead and waits for a person as a dead
-- letter; a letter that the person ignores skips its part, so that the rest of the job can end.

-- The part that a letter is about: named by its event, or else claimed by its run.
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

-- Not done, and no other run works on it.
create function private.part_is_left(p_part public.job_parts, p_run_id text, p_now timestamptz)
returns boolean
language sql immutable
set search_path = ''
as $$
  select p_part.status in ('pending', 'dead')
    or (p_part.status = 'claimed' and (p_part.claimant = p_run_id or p_part.lease_expires_at <= p_now));
$$;

-- ABANDON. The run failed for good.
create function private.abandon_part(p_event_data jsonb, p_run_id text, p_now timestamptz)
returns void
language sql
set search_path = ''
as $$
  update public.job_parts as part set status = 'dead', lease_expires_at = null, waiting_until = null
  where id = private.part_of_letter(p_event_data, p_run_id) and private.part_is_left(part, p_run_id, p_now);
$$;

-- A person puts the letter back to work: its part is open again.
create function private.reopen_part(p_event_data jsonb, p_run_id text)
returns void
language sql
set search_path = ''
as $$
  update public.job_parts set status = 'pending'
  where id = private.part_of_letter(p_event_data, p_run_id) and status = 'dead';
$$;

-- What the room of a part's function says about the part that is skipped, in its own words (work_kinds.on_skip); the rest
-- is "skipped".
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

-- SKIP. A person ignores the letter: what is left of the part stays undone. The room says what that means for its own rows
-- and what moved, in its own words; the rest counts as "skipped". A part that another run has claimed goes on.
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
