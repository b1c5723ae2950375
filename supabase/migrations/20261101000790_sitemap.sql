-- The bucket of files that everyone may read: the sitemap, which search engines fetch by its public address.

insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values ('site', 'site', true, 10 * 1024 * 1024, array['application/xml']) on conflict (id) do nothing;

select private.register_work_kind('{"function_id": "generate-sitemap", "event_name": "sitemap/generate", "priority": 5,
  "by_promise": false,
  "summary": "Writes the sitemap"}');
