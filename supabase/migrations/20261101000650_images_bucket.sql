-- The bucket of all pictures: drawings, uploads and thumbnails. The bucket is private: only the functions read it, with
-- the secret key, and serve a file to the people that may see it.

insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values ('images', 'images', false, 20 * 1024 * 1024, array['image/png', 'image/jpeg', 'image/webp'])
on conflict (id) do update set
  public = excluded.public,
  file_size_limit = excluded.file_size_limit,
  allowed_mime_types = excluded.allowed_mime_types;
