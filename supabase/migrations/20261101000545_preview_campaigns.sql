-- A preview shows which recipients a campaign would have now. Its hash lets sending recognize that audience or content
-- have changed since the preview.

-- The hash of audience and content. The whole audience is read once, in any order, because the numbers of all rows are
-- combined by xor.
create function private.hash_campaign(p_campaign public.campaigns)
returns text
language sql stable
set search_path = ''
as $$
  select encode(sha256(convert_to(jsonb_build_array(p_campaign.list_id, p_campaign.subject, p_campaign.html,
    p_campaign.text, p_campaign.sender, p_campaign.reply_to, p_campaign.missing_field, count(*),
    bit_xor(hashtextextended(jsonb_build_array(id, email, fields)::text, 0)))::text, 'UTF8')), 'hex')
  from public.email_subscribers where list_id = p_campaign.list_id and status = 'active';
$$;

-- Refuses to send when audience or content differ from the preview. p_hash null: the caller has not seen a preview.
create function private.require_previewed_campaign(p_campaign public.campaigns, p_hash text)
returns void
language plpgsql stable
set search_path = ''
as $$
begin
  -- The hash reads the whole list, so it is computed only for a request that names one.
  if p_hash is not null and p_hash <> private.hash_campaign(p_campaign) then
    perform private.refuse(409, 'conflict',
      'The campaign or its list changed since the preview: ask for a new preview and send with its hash');
  end if;
end
$$;

-- The largest domains of an audience, with their numbers of recipients. Addresses are stored with their domain in lower case.
create function private.domains_of_list(p_list_id uuid, p_limit integer)
returns jsonb
language sql stable
set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('domain', domain, 'recipients', recipients)
    order by recipients desc, domain), '[]')
  from (
    select split_part(email, '@', 2) as domain, count(*) as recipients from public.email_subscribers
    where list_id = p_list_id and status = 'active'
    group by 1 order by 2 desc, 1 limit p_limit
  ) as largest;
$$;

-- How many of the first p_limit recipients have no value for each of these merge fields (in lower case).
create function private.fields_missing_on_list(p_list_id uuid, p_names text[], p_limit integer)
returns jsonb
language sql stable
set search_path = ''
as $$
  with checked as materialized (
    select id, fields from public.email_subscribers
    where list_id = p_list_id and status = 'active' order by id limit p_limit
  ), filled as (
    select lower(key) as name, count(distinct checked.id) as recipients
    from checked, jsonb_each_text(checked.fields)
    where lower(key) = any (p_names) and value <> ''
    group by 1
  )
  select jsonb_build_object('checked', (select count(*) from checked),
    'missing', coalesce((select jsonb_object_agg(name, (select count(*) from checked) - coalesce(recipients, 0))
      from unnest(p_names) as name left join filled using (name)), '{}'));
$$;

-- p_owner null is an admin. p_names: the merge fields of the content, in lower case. Returns {"recipients", "leftOut":
-- subscribers who get no mail, by status, "domains", "fields": see fields_missing_on_list, "content": see
-- private.campaign_content, "samples": the recipients to render, "hash"}.
create function public.preview_campaign(p_campaign_id uuid, p_owner text, p_names text[])
returns jsonb
language plpgsql stable
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
  v_counts jsonb;
begin
  v_campaign := private.find_campaign(p_campaign_id, p_owner);
  select coalesce(jsonb_object_agg(status, total), '{}') into v_counts from (
    select status, count(*) as total from public.email_subscribers
    where list_id = v_campaign.list_id and status <> 'erased' group by status
  ) as statuses;
  return jsonb_build_object(
    'recipients', coalesce(v_counts -> 'active', '0'),
    'leftOut', v_counts - 'active',
    'domains', private.domains_of_list(v_campaign.list_id, 10),
    'fields', private.fields_missing_on_list(v_campaign.list_id, p_names, 10000),
    'content', private.campaign_content(v_campaign),
    'samples', (select coalesce(jsonb_agg(jsonb_build_object('id', id, 'email', email, 'fields', fields) order by id), '[]')
      from (select id, email, fields from public.email_subscribers
        where list_id = v_campaign.list_id and status = 'active' order by id limit 3) as sample),
    'hash', private.hash_campaign(v_campaign));
end
$$;

revoke execute on function private.hash_campaign, private.require_previewed_campaign, private.domains_of_list,
  private.fields_missing_on_list, public.preview_campaign from public, anon, authenticated;
grant execute on function private.hash_campaign, private.require_previewed_campaign, private.domains_of_list,
  private.fields_missing_on_list, public.preview_campaign to service_role;
