-- What happened to one subscriber of a list: the mails of the list's campaigns that the address got, and its
-- suppressions.

-- p_owner null is an admin. Returns {"subscriber", "mails": the last p_limit, "suppressions": those of this list and those
-- of all lists}.
create function public.get_subscriber_history(
  p_list_id uuid, p_owner text, p_subscriber_id bigint, p_limit integer
)
returns jsonb
language plpgsql stable
set search_path = ''
as $$
declare
  v_subscriber public.email_subscribers;
begin
  perform private.require_email_list(p_list_id, p_owner);
  select * into v_subscriber from public.email_subscribers
  where id = p_subscriber_id and list_id = p_list_id and status <> 'erased';
  if not found then
    perform private.refuse(404, 'not_found', 'Subscriber not found');
  end if;
  return jsonb_build_object(
    'email', v_subscriber.email, 'status', v_subscriber.status, 'fields', v_subscriber.fields,
    'createdAt', v_subscriber.created_at,
    'mails', (select coalesce(jsonb_agg(mail.row order by mail.created_at desc, mail.id desc), '[]') from (
      select campaign.id, campaign.created_at, jsonb_build_object('campaignId', campaign.id, 'name', campaign.name,
        'queuedAt', campaign.queued_at, 'status', send.status, 'reported', send.reported,
        'errorCode', send.error_code) as row
      from public.campaigns as campaign
      join public.campaign_sends as send on send.campaign_id = campaign.id and send.subscriber_id = p_subscriber_id
      where campaign.list_id = p_list_id
      order by campaign.created_at desc, campaign.id desc limit p_limit) as mail),
    'suppressions', (select coalesce(jsonb_agg(jsonb_build_object('scope', scope, 'stream', stream, 'reason', reason,
        'isActive', is_active, 'suppressedAt', suppressed_at, 'liftedAt', lifted_at) order by id), '[]')
      from (
        select * from public.suppressions
        where address_hash = private.hash_of_address(v_subscriber.email) and (scope <> 'list' or list_id = p_list_id)
        order by id limit p_limit) as suppression));
end
$$;

revoke execute on function public.get_subscriber_history from public, anon, authenticated;
grant execute on function public.get_subscriber_history to service_role;
