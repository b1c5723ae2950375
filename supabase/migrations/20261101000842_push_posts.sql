-- Pushing a post: the numbers of its author's follows are cut into ranges, and each part writes the entries of all
-- followers of its range with one statement.

-- The parts of a post, [{"first", "last", "total"}], each of at most p_size followers; none when the post is gone or
-- not pushed. Follows with higher numbers than the post came later, so they are left out.
create function public.cut_post(p_id uuid, p_size integer)
returns jsonb
language sql stable
set search_path = ''
as $$
  with followers as (
    select since, (row_number() over (order by since) - 1) / p_size as part_no
    from public.posts join public.follows using (author)
    where posts.id = p_id and strategy = 'push' and since < sequence
  ), parts as (
    select min(since) as first, max(since) as last, count(*) as total from followers group by part_no
  )
  select coalesce(jsonb_agg(to_jsonb(parts) order by first), '[]') from parts;
$$;

-- S2-13: how many entries a feed keeps.
create function private.kept_feed_entries()
returns integer
language sql immutable
set search_path = ''
as $$
  select 1000;
$$;

-- Writes the entries of one part, and deletes the oldest entries of each of these feeds. Returns what
-- private.settle_part returns. Followers who have left, and all followers of a deleted post, count as skipped.
create function public.push_post_part(p_part_id bigint, p_token uuid, p_now timestamptz)
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_answer text := private.hold_part(p_part_id, p_token, null);
  v_part public.job_parts;
  v_post public.posts;
  v_followers text[];
begin
  if v_answer is not null then
    return v_answer;
  end if;
  select * into v_part from public.job_parts where id = p_part_id;
  select * into v_post from public.posts where id = (v_part.bounds ->> 'postId')::uuid;
  with added as (
    insert into public.feed_entries (follower, post_sequence)
    select follower, v_post.sequence from public.follows
    where author = v_post.author and since between v_part.first_no and v_part.last_no
    order by follower
    on conflict do nothing
    returning follower
  )
  select coalesce(array_agg(follower), '{}') into v_followers from added;
  perform private.trim_feeds(v_followers);
  return private.settle_part(p_part_id, p_token, jsonb_build_object('pushed', cardinality(v_followers)),
    v_part.last_no + 1, p_now);
end
$$;

-- Rows that another push is deleting are skipped, so that two pushes do not wait for each other.
create function private.trim_feeds(p_followers text[])
returns void
language sql
set search_path = ''
as $$
  delete from public.feed_entries where ctid = any (array(
    select entry.ctid from unnest(p_followers) as feed (follower)
    cross join lateral (
      select post_sequence from public.feed_entries where follower = feed.follower
      order by post_sequence desc offset private.kept_feed_entries() limit 1
    ) as first_too_old
    join public.feed_entries as entry
      on entry.follower = feed.follower and entry.post_sequence <= first_too_old.post_sequence
    for update of entry skip locked));
$$;

create function private.post_subjects(p_jobs public.jobs[])
returns table (job_id uuid, subject text)
language sql stable
set search_path = ''
as $$
  select jobs.id, posts.content
  from unnest(p_jobs) as jobs join public.posts on posts.id = private.uuid_of(jobs.event_data ->> 'postId');
$$;
revoke execute on function private.post_subjects from public, anon, authenticated;
grant execute on function private.post_subjects to service_role;

select private.register_work_kind('{"function_id": "push-post", "event_name": "feed/push.post", "kind": "push-post",
  "subjects": "private.post_subjects",
  "summary": "Brings a post to the followers of its author"}');

revoke execute on function public.cut_post, private.kept_feed_entries, public.push_post_part, private.trim_feeds
  from public, anon, authenticated;
grant execute on function public.cut_post, private.kept_feed_entries, public.push_post_part, private.trim_feeds
  to service_role;
