-- An image upload is a picture that a requester sent, and its thumbnail. The row is written before the bytes are
-- stored, so that every file has a row.

create table public.image_uploads (
  -- The id of the upload, and of the job that makes the thumbnail.
  id uuid primary key,
  owner text not null,
  content_type text not null,
  byte_count integer not null,
  -- The box that the picture must fit into.
  box_width integer not null,
  box_height integer not null,
  original_path text not null,
  thumbnail_path text,
  thumbnail_width integer,
  thumbnail_height integer,
  created_at timestamptz not null,
  -- Null: the bytes have not arrived yet. The job is held until the bytes arrive.
  stored_at timestamptz,
  completed_at timestamptz,
  constraint image_uploads_hold_something check (byte_count > 0),
  constraint image_uploads_fit_into_a_box check (box_width > 0 and box_height > 0),
  constraint image_uploads_are_completed_with_their_thumbnail check (
    (completed_at is null) = (thumbnail_path is null)
    and (completed_at is null) = (thumbnail_width is null)
    and (completed_at is null) = (thumbnail_height is null)
  )
);
create index image_uploads_by_owner on public.image_uploads (owner) include (byte_count);
create index image_uploads_oldest_first on public.image_uploads (created_at);
create index image_uploads_that_never_arrived on public.image_uploads (created_at) where stored_at is null;

create trigger image_uploads_leave_their_files after delete on public.image_uploads
  for each row execute function private.leave_files('images', 'original_path', 'uploads/{id}/thumbnail');

alter table public.image_uploads enable row level security;
revoke all on public.image_uploads from anon, authenticated;
grant select on public.image_uploads to authenticated;
grant select, insert, update, delete on public.image_uploads to service_role;
create policy image_uploads_are_read_by_their_owner_and_admins on public.image_uploads for select to authenticated
using (
  owner = (select auth.jwt()) ->> 'sub'
  or ((select auth.jwt()) -> 'app_metadata' ->> 'role') = 'admin'
);

create function private.upload_subjects(p_jobs public.jobs[])
returns table (job_id uuid, subject text)
language sql stable
set search_path = ''
as $$
  select jobs.id, format('%s to %s × %s', uploads.content_type, uploads.box_width, uploads.box_height)
  from unnest(p_jobs) as jobs join public.image_uploads as uploads on uploads.id = private.uuid_of(jobs.event_data ->> 'uploadId');
$$;
revoke execute on function private.upload_subjects from public, anon, authenticated;
grant execute on function private.upload_subjects to service_role;

select private.register_work_kind('{"function_id": "resize-image", "event_name": "image/resize", "kind": "resize",
  "subjects": "private.upload_subjects",
  "summary": "Makes the thumbnail of an uploaded picture"}');

-- Refuses an upload when its owner would then have more than p_quota allows: {"uploads", "bytes"}. The owner stays
-- locked until the caller has inserted the upload, so that simultaneous uploads are counted one after the other.
create function private.require_upload_quota(p_owner text, p_byte_count bigint, p_quota jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_uploads bigint;
  v_bytes bigint;
begin
  perform pg_advisory_xact_lock(hashtextextended('image_uploads ' || p_owner, 0));
  select count(*), coalesce(sum(byte_count), 0) into v_uploads, v_bytes
  from public.image_uploads where owner = p_owner;
  if v_uploads >= (p_quota ->> 'uploads')::bigint then
    perform private.refuse(429, 'too_many_requests', format('You have %s uploads, which is the limit', v_uploads),
      jsonb_build_object('uploads', v_uploads, 'maxUploads', p_quota -> 'uploads', 'retryAfterSeconds', 3600)::text);
  elsif v_bytes + p_byte_count > (p_quota ->> 'bytes')::bigint then
    perform private.refuse(413, 'payload_too_large',
      format('Your uploads have %s bytes, and with this one they would exceed the limit', v_bytes),
      jsonb_build_object('bytes', v_bytes, 'maxBytes', p_quota -> 'bytes')::text);
  end if;
end
$$;

-- p_upload: {"contentType", "byteCount", "width", "height", "path"}; p_quota: see private.require_upload_quota;
-- p_request: see private.accept_job. Returns {job, isStored}: the held job, or the one that the same requester
-- requested with the same idempotency key.
create function public.accept_image_upload(p_upload jsonb, p_quota jsonb, p_request jsonb, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_job public.jobs := private.accept_job(p_request, p_now);
begin
  if v_job.id = (p_request ->> 'id')::uuid then
    perform private.require_upload_quota(v_job.owner, (p_upload ->> 'byteCount')::bigint, p_quota);
    insert into public.image_uploads (id, owner, content_type, byte_count, box_width, box_height, original_path,
      created_at)
    values (v_job.id, v_job.owner, p_upload ->> 'contentType', (p_upload ->> 'byteCount')::integer,
      (p_upload ->> 'width')::integer, (p_upload ->> 'height')::integer, p_upload ->> 'path', p_now);
  end if;
  return jsonb_build_object('job', to_jsonb(v_job), 'isStored', not exists (
    select from public.image_uploads where id = v_job.id and stored_at is null));
end
$$;

-- Called when the bytes have arrived: the upload's job is released. Returns false when the upload was deleted meanwhile.
create function public.release_image_upload(p_id uuid, p_now timestamptz)
returns boolean
language plpgsql
set search_path = ''
as $$
begin
  update public.image_uploads set stored_at = coalesce(stored_at, p_now) where id = p_id;
  if not found then
    return false;
  end if;
  perform private.release_jobs(array[p_id], p_now);
  return true;
end
$$;

-- The upload as the API shows it; null when this owner has no upload with this id (p_owner null is an administrator).
-- Until the upload is completed, its status is that of its job. If the ledger has deleted the job, the upload has
-- failed.
create function public.get_image_upload(p_id uuid, p_owner text)
returns jsonb
language sql stable
set search_path = ''
as $$
  select to_jsonb(uploads) || jsonb_build_object('status', case
    when uploads.completed_at is not null then 'completed'
    when jobs.status in ('queued', 'running') then 'processing'
    else coalesce(jobs.status, 'failed') end)
  from public.image_uploads as uploads left join public.jobs on jobs.id = uploads.id
  where uploads.id = p_id and (p_owner is null or uploads.owner = p_owner);
$$;

-- Stores the path of the thumbnail and notifies the owner, in one transaction. A repeated call changes nothing and
-- sends no second notification. Returns false when the upload was deleted meanwhile.
create function public.complete_image_upload(
  p_id uuid, p_path text, p_width integer, p_height integer, p_byte_count integer, p_now timestamptz
)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_owner text;
begin
  update public.image_uploads set thumbnail_path = p_path, thumbnail_width = p_width, thumbnail_height = p_height,
    byte_count = p_byte_count, completed_at = coalesce(completed_at, p_now)
  where id = p_id returning owner into v_owner;
  if v_owner is null then
    return false;
  end if;
  perform public.notify(v_owner, 'IMAGE_READY',
    jsonb_build_object('uploadId', p_id, 'url', '/api/uploads/' || p_id, 'width', p_width, 'height', p_height),
    'image-upload:' || p_id, p_now);
  return true;
end
$$;

-- Returns false when this owner has no such upload. A job that is still held is released: it ends as skipped, instead of
-- waiting for bytes that may never arrive.
create function public.delete_image_upload(p_id uuid, p_owner text, p_now timestamptz)
returns boolean
language plpgsql
set search_path = ''
as $$
begin
  delete from public.image_uploads where id = p_id and (p_owner is null or owner = p_owner);
  if not found then
    return false;
  end if;
  perform private.release_jobs(array[p_id], p_now);
  return true;
end
$$;

-- Ends the jobs of uploads whose bytes never arrived, because the caller got an error or died. Deletes the rows and
-- files of these uploads.
create function public.abandon_image_uploads(p_before timestamptz, p_limit integer, p_now timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_ids uuid[];
begin
  select array_agg(id) into v_ids from (
    select id from public.image_uploads where stored_at is null and created_at < p_before
    order by created_at, id limit p_limit for update skip locked) as abandoned;
  perform private.end_jobs(
    v_ids, 'skipped', '{"status": "skipped", "reason": "the picture never arrived"}', null, p_now);
  delete from public.image_uploads where id = any (v_ids);
  return coalesce(cardinality(v_ids), 0);
end
$$;

-- Deletes uploads that were accepted before p_before and whose job has ended, with their files. Returns how many.
create function public.expire_image_uploads(p_before timestamptz, p_limit integer)
returns integer
language sql
set search_path = ''
as $$
  with expired as (
    delete from public.image_uploads where id = any (array(
      select id from public.image_uploads as uploads
      where created_at < p_before and not exists (select from public.jobs where id = uploads.id and ended_at is null)
      order by created_at, id limit p_limit for update skip locked))
    returning id
  )
  select count(*)::integer from expired;
$$;

revoke execute on function private.require_upload_quota, public.expire_image_uploads,
  public.accept_image_upload, public.release_image_upload, public.get_image_upload, public.complete_image_upload,
  public.delete_image_upload, public.abandon_image_uploads from public, anon, authenticated;
grant execute on function private.require_upload_quota, public.expire_image_uploads,
  public.accept_image_upload, public.release_image_upload, public.get_image_upload, public.complete_image_upload,
  public.delete_image_upload, public.abandon_image_uploads to service_role;
