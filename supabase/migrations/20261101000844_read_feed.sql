-- Reading a feed. Each read decides which posts a reader may see, so an unfollow, a block or a deletion takes effect
-- without a change of any feed.

-- The authors whose posts a reader sees: those that the reader follows, unless one of the two blocks the other.
create view private.visible_authors with (security_invoker = true) as
select follower as reader, author, since from public.follows
where not exists (select from public.blocks where blocker = follower and blocked = author)
  and not exists (select from public.blocks where blocker = author and blocked = follower);
grant select on private.visible_authors to service_role;

-- Returns {"posts": [{"id", "author", "content", "created_at"}], newest first, "pulled": the numbers of the pulled
-- posts}. p_pulled: the numbers of pulled posts from an earlier answer, so that this search is not repeated; null:
-- search now.
create function public.read_feed(p_reader text, p_pulled bigint[])
returns jsonb
language plpgsql stable
set search_path = ''
as $$
declare
  v_pulled bigint[] := coalesce(p_pulled, private.pull_posts(p_reader));
begin
  return (
    with candidates as (
      (select post_sequence as sequence from public.feed_entries where follower = p_reader
       order by post_sequence desc limit private.kept_feed_entries())
      union
      select unnest(v_pulled)
    ), feed as (
      -- Takes one post after the other until there are enough, because a join of all candidates takes ten times as
      -- long. The condition subtracts the numbers: for a plain comparison, the planner would use the index on `since`
      -- and read all followers of an author.
      select visible.*
      from (select sequence from candidates order by sequence desc) as candidate
      cross join lateral (
        select id, posts.author, content, created_at, sequence
        from public.posts
        join private.visible_authors as visible on reader = p_reader and visible.author = posts.author
          and posts.sequence - since > 0
        where posts.sequence = candidate.sequence limit 1
      ) as visible
      order by candidate.sequence desc limit 50
    )
    select jsonb_build_object('pulled', v_pulled,
      'posts', coalesce(jsonb_agg(to_jsonb(feed) - 'sequence' order by sequence desc), '[]'))
    from feed);
end
$$;

-- S2-14: the newest 50 pulled posts, with at most 10 posts of each author.
create function private.pull_posts(p_reader text)
returns bigint[]
language sql stable
set search_path = ''
as $$
  select array(
    select recent.sequence
    from private.visible_authors as visible cross join lateral (
      select sequence from public.posts
      where author = visible.author and strategy = 'pull' and sequence > since
      order by sequence desc limit 10
    ) as recent
    where reader = p_reader
    order by recent.sequence desc limit 50);
$$;

revoke execute on function public.read_feed, private.pull_posts from public, anon, authenticated;
grant execute on function public.read_feed, private.pull_posts to service_role;
