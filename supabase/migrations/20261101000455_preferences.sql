-- The page behind the unsubscribe link of a mail: a person sees whether the address gets the mail of this list, and can
-- change it.

-- Returns {"list", "email", "state"}; null when the list is gone. The states: "subscribed"; "unsubscribed" (from this
-- list); "unsubscribed_from_all" (from all broadcasts); "closed" (the address bounced, was deleted, or was suppressed
-- by an administrator or the provider, so the person cannot change it).
create function public.read_preferences(p_list_id uuid, p_subscriber_id bigint)
returns jsonb
language plpgsql stable
set search_path = ''
as $$
declare
  v_list public.email_lists;
  v_subscriber public.email_subscribers;
  v_others boolean;
  v_scopes text[];
begin
  select * into v_list from public.email_lists where id = p_list_id;
  if not found then
    return null;
  end if;
  select * into v_subscriber from public.email_subscribers
  where id = p_subscriber_id and list_id = p_list_id and status <> 'erased';
  select coalesce(bool_or(reason <> 'unsubscribed'), false), coalesce(array_agg(scope), '{}') into v_others, v_scopes
  from public.suppressions
  where address_hash = private.hash_of_address(v_subscriber.email) and is_active
    and case scope when 'list' then list_id = p_list_id when 'stream' then stream = 'broadcast' else true end;
  return jsonb_build_object('list', v_list.name, 'email', v_subscriber.email, 'state',
    case when v_subscriber.id is null or v_others then 'closed'
      when v_scopes && array['all', 'stream'] then 'unsubscribed_from_all'
      when v_scopes = '{}' then 'subscribed' else 'unsubscribed' end);
end
$$;

-- The person unsubscribes from the list ("unsubscribe"), from all broadcasts ("unsubscribe_from_all"), or subscribes again
-- ("subscribe"). Returns what read_preferences returns. Safe to repeat.
create function public.change_preferences(p_list_id uuid, p_subscriber_id bigint, p_action text, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_email text;
  v_row jsonb;
begin
  -- The subscriber is read after the lock, because it may be erased meanwhile.
  perform private.lock_subscribers(array(
    select email from public.email_subscribers where id = p_subscriber_id and list_id = p_list_id));
  select email into v_email from public.email_subscribers
  where id = p_subscriber_id and list_id = p_list_id and status <> 'erased';
  if v_email is null then
    return public.read_preferences(p_list_id, p_subscriber_id);
  end if;
  if p_action = 'subscribe' then
    perform private.lift_suppressions(array(select id from public.suppressions
        where address_hash = private.hash_of_address(v_email) and reason = 'unsubscribed'
          and (scope <> 'list' or list_id = p_list_id)),
      v_email, 'link', 'subscribed again', p_now);
  elsif p_action in ('unsubscribe', 'unsubscribe_from_all') then
    v_row := jsonb_build_object('address', v_email, 'reason', 'unsubscribed', 'source', 'link');
    perform private.suppress(jsonb_build_array(v_row || case p_action
      when 'unsubscribe' then jsonb_build_object('scope', 'list', 'listId', p_list_id)
      else '{"scope": "stream", "stream": "broadcast"}' end), p_now);
  else
    perform private.refuse(400, 'invalid_request', 'There is no such action');
  end if;
  return public.read_preferences(p_list_id, p_subscriber_id);
end
$$;

revoke execute on function public.read_preferences, public.change_preferences from public, anon, authenticated;
grant execute on function public.read_preferences, public.change_preferences to service_role;
