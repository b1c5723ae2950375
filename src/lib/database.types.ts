// Stands in until the generated types of the migrated database take its place.
// biome-ignore lint/suspicious/noExplicitAny: see above
export type Database = any;
export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[];
