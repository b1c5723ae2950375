-- A post is a text that an author publishes to followers. A follow is one reader who wants the posts of one author. A
-- block hides the posts of two people from each other. Authors and readers are owners: users, or the owners of API
-- keys.

-- One sequence numbers posts and follows, so that their numbers show which came first.
create sequence private.feed_sequence;

create table public.posts (
  -- The id of the post, and of the job that brings the post to the followers.
  id uuid primary key,
  sequence bigint not null,
  author text not null,
  content text not null,
  -- How followers get the post, decided once: 'push' copies it into their feeds, 'pull' lets them look for it. Writers
  -- and readers use this column, so that they agree when the number of followers changes.
  strategy text not null,
  follower_count integer not null,
  created_at timestamptz not null,
  constraint posts_are_numbered unique (sequence),
  constraint posts_strategy_is_valid check (strategy in ('push', 'pull')),
  constraint posts_author_has_a_sensible_length check (length(author) between 1 and 200),
  constraint posts_content_has_a_sensible_length check (length(content) between 1 and 5000)
);
create index posts_by_author on public.posts (author, sequence desc);
create index posts_to_pull on public.posts (author, sequence desc) where strategy = 'pull';

create table public.follows (
  follower text not null,
  author text not null,
  -- The number of this follow: the follower gets only those posts of the author whose numbers are higher than this one.
  since bigint not null,
  created_at timestamptz not null,
  constraint follows_are_once_per_pair primary key (follower, author),
  constraint follows_are_of_others check (follower <> author),
  constraint follows_author_has_a_sensible_length check (length(author) between 1 and 200)
);
create index follows_by_author on public.follows (author, since) include (follower);

create table public.blocks (
  blocker text not null,
  blocked text not null,
  created_at timestamptz not null,
  constraint blocks_are_once_per_pair primary key (blocker, blocked),
  constraint blocks_are_of_others check (blocker <> blocked),
  constraint blocks_blocked_has_a_sensible_length check (length(blocked) between 1 and 200)
);
create index blocks_by_blocked on public.blocks (blocked, blocker);

-- A feed entry is one pushed post in the feed of one follower. The table has no foreign keys: reading a feed leaves out
-- entries whose post is deleted or hidden, and newer entries replace old ones.
create table public.feed_entries (
  follower text not null,
  post_sequence bigint not null,
  constraint feed_entries_are_once_per_post primary key (follower, post_sequence)
);

alter table public.posts enable row level security;
alter table public.follows enable row level security;
alter table public.blocks enable row level security;
alter table public.feed_entries enable row level security;
revoke all on public.posts, public.follows, public.blocks, public.feed_entries from anon, authenticated;
grant select, insert, update, delete on public.posts, public.follows, public.blocks, public.feed_entries to service_role;
grant usage on sequence private.feed_sequence to service_role;
select private.register_erasable('public.posts', 'id', '{content}');

-- S2-13, S2-15: posts of authors with more followers than this are pulled.
create function private.most_pushed_followers()
returns integer
language sql immutable
set search_path = ''
as $$
  select 10000;
$$;

create function private.feed_strategy(p_follower_count bigint)
returns text
language sql immutable
set search_path = ''
as $$
  select case when p_follower_count > private.most_pushed_followers() then 'pull' else 'push' end;
$$;

-- Locks an author: follows of the author may run at the same time, but no follow runs at the same time as a post of
-- this author. So a follow with a lower number than a post was committed before the post.
create function private.lock_author(p_author text, p_is_posting boolean)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if p_is_posting then
    perform pg_advisory_xact_lock(hashtextextended('feed ' || p_author, 0));
  else
    perform pg_advisory_xact_lock_shared(hashtextextended('feed ' || p_author, 0));
  end if;
end
$$;

-- Accepts a post and the job that brings it to the followers (p_request: see private.accept_job), and decides its
-- strategy. Returns the job, whose id is the post's id. A repeated request returns the job of the first request.
create function public.accept_post(p_content text, p_request jsonb, p_now timestamptz)
returns public.jobs
language plpgsql
set search_path = ''
as $$
declare
  v_author text := p_request ->> 'owner';
  v_job public.jobs;
  v_followers bigint;
begin
  v_job := private.accept_job(p_request, p_now);
  if v_job.id = (p_request ->> 'id')::uuid then
    perform private.lock_author(v_author, true);
    select count(*) into v_followers
    from (select from public.follows where author = v_author limit private.most_pushed_followers() + 1) as counted;
    insert into public.posts (id, sequence, author, content, strategy, follower_count, created_at)
    values (v_job.id, nextval('private.feed_sequence'), v_author, p_content, private.feed_strategy(v_followers),
      v_followers, p_now);
  end if;
  return v_job;
end
$$;

-- Returns false when this author has no such post; p_author null is an administrator.
create function public.delete_post(p_id uuid, p_author text)
returns boolean
language plpgsql
set search_path = ''
as $$
begin
  delete from public.posts where id = p_id and (p_author is null or author = p_author);
  return found;
end
$$;

-- Requests of one person run one after the other, so that two of them cannot exceed a limit together.
create function private.lock_person(p_person text)
returns void
language sql
set search_path = ''
as $$
  select pg_advisory_xact_lock(hashtextextended('person ' || p_person, 0));
$$;

-- The reader gets the posts that the author publishes from now on. Following again changes nothing.
create function public.follow_author(p_follower text, p_author text, p_most integer, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.lock_person(p_follower);
  if p_follower = p_author then
    perform private.refuse(400, 'invalid_request', 'You cannot follow yourself');
  elsif (select count(*) from public.follows where follower = p_follower) >= p_most
    and not exists (select from public.follows where follower = p_follower and author = p_author)
  then
    perform private.refuse(409, 'conflict', format('You follow %s authors, which is the limit', p_most));
  end if;
  perform private.lock_author(p_author, false);
  insert into public.follows (follower, author, since, created_at)
  values (p_follower, p_author, nextval('private.feed_sequence'), p_now)
  on conflict do nothing;
end
$$;

create function public.unfollow_author(p_follower text, p_author text)
returns void
language sql
set search_path = ''
as $$
  delete from public.follows where follower = p_follower and author = p_author;
$$;

create function public.block_person(p_blocker text, p_blocked text, p_most integer, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.lock_person(p_blocker);
  if p_blocker = p_blocked then
    perform private.refuse(400, 'invalid_request', 'You cannot block yourself');
  elsif (select count(*) from public.blocks where blocker = p_blocker) >= p_most
    and not exists (select from public.blocks where blocker = p_blocker and blocked = p_blocked)
  then
    perform private.refuse(409, 'conflict', format('You block %s people, which is the limit', p_most));
  end if;
  insert into public.blocks (blocker, blocked, created_at) values (p_blocker, p_blocked, p_now)
  on conflict do nothing;
end
$$;

create function public.unblock_person(p_blocker text, p_blocked text)
returns void
language sql
set search_path = ''
as $$
  delete from public.blocks where blocker = p_blocker and blocked = p_blocked;
$$;

-- Deletes the posts, follows, blocks and feed of a user who is deleted in Supabase Auth. Runs with the rights of its
-- owner, because Auth's own role may not write our tables.
create function private.forget_person_of_feed()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from public.posts where author = old.id::text;
  delete from public.follows where follower = old.id::text;
  delete from public.follows where author = old.id::text;
  delete from public.blocks where blocker = old.id::text or blocked = old.id::text;
  delete from public.feed_entries where follower = old.id::text;
  return null;
end
$$;
create trigger deleted_users_leave_the_feed after delete on auth.users
  for each row execute function private.forget_person_of_feed();

-- The authors that a person follows, sorted by name: those after the name p_after; null: from the first on.
create function public.list_follows(p_follower text, p_after text, p_limit integer)
returns table (person text, since timestamptz)
language sql stable
set search_path = ''
as $$
  select author, created_at from public.follows
  where follower = p_follower and author > coalesce(p_after, '') order by author limit p_limit;
$$;

-- The people that a person blocks, sorted by name: those after the name p_after; null: from the first on.
create function public.list_blocks(p_blocker text, p_after text, p_limit integer)
returns table (person text, since timestamptz)
language sql stable
set search_path = ''
as $$
  select blocked, created_at from public.blocks
  where blocker = p_blocker and blocked > coalesce(p_after, '') order by blocked limit p_limit;
$$;

revoke execute on function private.most_pushed_followers, private.feed_strategy, private.lock_author, private.lock_person,
  public.accept_post, public.delete_post, public.follow_author, public.unfollow_author, public.block_person,
  public.unblock_person, public.list_follows, public.list_blocks, private.forget_person_of_feed from public, anon, authenticated;
grant execute on function private.most_pushed_followers, private.feed_strategy, private.lock_author, private.lock_person,
  public.accept_post, public.delete_post, public.follow_author, public.unfollow_author, public.block_person,
  public.unblock_person, public.list_follows, public.list_blocks to service_role;
