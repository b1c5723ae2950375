// Generated from supabase/migrations by `npm run types:generate`. Do not edit.

export const NEWEST_MIGRATION = "20261101000901";
