-- A left file is a file in Storage whose row was deleted. The transaction that deletes the row also lists the file
-- here, so that no file is forgotten; housekeeping removes the file afterwards. (Storage has database rows of its own,
-- but only its API deletes the bytes.)

create table private.left_files (
  bucket text not null,
  path text not null,
  left_at timestamptz not null default now(),
  constraint left_files_are_listed_once primary key (bucket, path)
);
alter table private.left_files enable row level security;
grant select, insert, delete on private.left_files to service_role;

-- A trigger function (after delete, for each row). Its arguments are the bucket, and the files: the column that contains a
-- path, or a path with {id} in it. A path that follows from the id is listed even if the row does not say that the file
-- was stored; removing a missing file is no error.
create function private.leave_files()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  insert into private.left_files (bucket, path)
  select tg_argv[0], path
  from (
    select case when file like '%{id}%' then replace(file, '{id}', to_jsonb(old) ->> 'id')
      else to_jsonb(old) ->> file end as path
    from unnest(tg_argv[1:]) as file
  ) as files
  where path is not null
  on conflict do nothing;
  return null;
end
$$;

create function public.list_left_files(p_limit integer)
returns table (bucket text, path text)
language sql stable
set search_path = ''
as $$
  select bucket, path from private.left_files order by left_at, bucket, path limit p_limit;
$$;

-- Removes files from the list, after they were removed from Storage.
create function public.forget_left_files(p_bucket text, p_paths text[])
returns void
language sql
set search_path = ''
as $$
  delete from private.left_files where bucket = p_bucket and path = any (p_paths);
$$;

revoke execute on function private.leave_files, public.list_left_files, public.forget_left_files
  from public, anon, authenticated;
grant execute on function private.leave_files, public.list_left_files, public.forget_left_files to service_role;
