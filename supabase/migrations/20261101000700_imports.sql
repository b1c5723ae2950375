-- An import is one file whose rows are written into one table of the product: its source, its format, and the outcome
-- of its rows. A job in parts does the work; the ledger has its progress, leases and end.

create table public.import_files (
  id uuid primary key default gen_random_uuid(),
  owner text not null,
  -- The file's path in the bucket "imports".
  path text not null unique,
  name text not null,
  created_at timestamptz not null,
  -- After this time housekeeping deletes the file, unless an import still reads it.
  expires_at timestamptz not null,
  constraint import_files_name_is_short check (length(name) between 1 and 200)
);
create index import_files_expired on public.import_files (expires_at);
create trigger import_files_leave_their_files after delete on public.import_files
  for each row execute function private.leave_files('imports', 'path');

create table public.imports (
  id uuid primary key,
  -- The job of the import; reprocessing sets another one. Null: the ledger has deleted the job.
  job_id uuid unique references public.jobs (id) on update cascade on delete set null,
  owner text not null,
  target text not null,
  -- The value of the target's scope column in every row: a list or an owner.
  scope text not null,
  -- Further options of the caller: {"listId": …}.
  options jsonb not null default '{}',
  merge text not null,
  -- What an absent column means for a row that exists: its value stays, or is emptied.
  absent text not null,
  is_dry_run boolean not null,
  -- Whether the same file may be imported again.
  is_again boolean not null,
  file_url text not null,
  file_id uuid references public.import_files (id) on delete set null,
  file_name text not null,
  -- The same file has the same fingerprint: its ETag and size in Storage, or a digest of its rows.
  fingerprint text,
  -- Column of the file → field of the target; null for a column that is not read. When the whole mapping is null,
  -- columns are matched to fields by their names.
  mapping jsonb,
  -- What the caller knows about the file: {"format", "encoding", "separator"}.
  declared_format jsonb not null default '{}',
  -- The format of the file, detected when its reading began, and the file's version at that time. Later reads must find
  -- the same version.
  dialect jsonb,
  version text,
  byte_count bigint,
  -- Stored when the job ends.
  status text,
  error jsonb,
  row_count bigint,
  inserted_count bigint not null default 0,
  updated_count bigint not null default 0,
  unchanged_count bigint not null default 0,
  skipped_count bigint not null default 0,
  rejected_count bigint not null default 0,
  undo_job_id uuid references public.jobs (id) on delete set null,
  undo_counts jsonb,
  undone_at timestamptz,
  created_at timestamptz not null,
  ended_at timestamptz,
  constraint imports_merge_is_valid check (merge in ('insert', 'update', 'upsert')),
  constraint imports_absent_is_valid check (absent in ('keep', 'clear')),
  constraint imports_end_with_their_status check ((status is null) = (ended_at is null)),
  constraint imports_undo_only_what_was_done check (undone_at is null or not is_dry_run),
  constraint imports_give_every_row_one_fate check (status is distinct from 'completed' or row_count is not distinct from
    inserted_count + updated_count + unchanged_count + skipped_count + rejected_count)
);
create index imports_by_owner on public.imports (owner, created_at desc, id desc);
create index imports_newest_first on public.imports (created_at desc, id desc);
create index imports_unfinished on public.imports (owner) where ended_at is null;
create index imports_of_the_same_file on public.imports (owner, fingerprint);
create index imports_by_file on public.imports (file_id) where file_id is not null;
create index imports_by_undo_job on public.imports (undo_job_id) where undo_job_id is not null;
create index imports_ended on public.imports (ended_at) where ended_at is not null;

-- A row of the target that an import has changed: which row of the file was written to it, and its values before. These
-- values are needed for the undo, and for keys that occur twice in the file. There is no foreign key, because its check
-- would take a tenth of an import's time. Instead, purge_imports deletes these rows before their import.
create table public.import_rows (
  import_id uuid not null,
  target_id bigint not null,
  -- The number of the last row with this key that was written so far.
  row_no bigint not null,
  -- The target's row before the import; null: there was none.
  before jsonb,
  -- The transaction in which the import wrote the target's row. If the row now has another transaction, it was changed
  -- after the import.
  version xid,
  fate text not null,
  -- Why the undo left the target's row unchanged.
  conflict text,
  constraint import_rows_are_one_per_row_of_the_target primary key (import_id, target_id),
  constraint import_rows_fate_is_valid check (fate in ('inserted', 'updated', 'unchanged')),
  constraint import_rows_conflict_is_valid check (conflict in ('changed', 'gone', 'in_use'))
);
create index import_rows_with_an_image on public.import_rows (import_id, target_id) where before is not null;

create table public.import_rejects (
  id bigint generated always as identity primary key,
  import_id uuid not null references public.imports (id) on delete cascade,
  row_no bigint not null,
  line bigint not null,
  byte_offset bigint not null,
  column_name text,
  code text not null,
  message text not null,
  hint text not null,
  -- The row as it is in the file (at least its beginning), and its cells, if the row could be split into cells.
  raw text not null,
  cells jsonb,
  constraint import_rejects_are_one_per_row unique (import_id, row_no)
);

alter table public.import_files enable row level security;
alter table public.imports enable row level security;
alter table public.import_rows enable row level security;
alter table public.import_rejects enable row level security;
revoke all on public.import_files, public.imports, public.import_rows, public.import_rejects from anon, authenticated;
grant select on public.imports to authenticated;
grant select, insert, update, delete on public.import_files, public.imports, public.import_rows, public.import_rejects
  to service_role;
create policy imports_are_read_by_their_owner_and_admins on public.imports for select to authenticated using (
  owner = (select auth.jwt()) ->> 'sub'
  or ((select auth.jwt()) -> 'app_metadata' ->> 'role') = 'admin'
);

insert into storage.buckets (id, name, public) values ('imports', 'imports', false) on conflict (id) do nothing;

-- Rejects and the text columns of an import may contain addresses. Uploaded files are deleted within two days after
-- their import's end, and copies of changed rows after 30 days.
select private.register_erasable('public.import_rejects', 'id', '{message,raw,cells}');
select private.register_erasable('public.imports', 'id', '{error,mapping,dialect,file_name}');
select private.register_erasable('public.import_files', 'id', '{name}');

-- Deletes the copies of changed rows that contain the address. The undo cannot restore such rows any more, and lists
-- them as conflicts.
create function private.erase_from_imports(p_email text, p_cursor text, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  c_rows constant integer := 2000;
  v_read bigint;
  v_erased bigint;
  v_last text;
begin
  with piece as materialized (
    select import_id, target_id, before from public.import_rows
    where before is not null and (p_cursor is null
      or (import_id, target_id) > (split_part(p_cursor, ' ', 1)::uuid, split_part(p_cursor, ' ', 2)::bigint))
    order by import_id, target_id limit c_rows
  ), erased as (
    update public.import_rows as r set before = null, version = null, conflict = 'changed'
    from piece where r.import_id = piece.import_id and r.target_id = piece.target_id
      and piece.before::text ~* private.pattern_of_email(p_email, true)
    returning 1
  )
  select count(*), (select count(*) from erased),
    (select import_id || ' ' || target_id from piece order by piece.import_id desc, piece.target_id desc limit 1)
  into v_read, v_erased, v_last from piece;
  return jsonb_build_object('cursor', case when v_read = c_rows then v_last end,
    'counts', case when v_erased > 0 then jsonb_build_object('import_rows', v_erased) else '{}' end);
end
$$;
select private.register_eraser('private.erase_from_imports(text, text, timestamptz)');

select private.register_export('{"name": "imports", "from_sql": "public.imports as t",
  "status_sql": "coalesce(t.status, ''running'')", "columns": [["Import", "t.id"],
  ["File", "t.file_name"], ["Into", "t.target"], ["Status", "coalesce(t.status, ''running'')"],
  ["Created", "t.created_at"], ["Inserted", "t.inserted_count"], ["Updated", "t.updated_count"],
  ["Unchanged", "t.unchanged_count"], ["Skipped", "t.skipped_count"], ["Rejected", "t.rejected_count"]]}');

revoke execute on function private.erase_from_imports from public, anon, authenticated;
grant execute on function private.erase_from_imports to service_role;
