/** The largest row: a row is held in memory whole. */
export const MAX_ROW_BYTES = 256 * 1024;
export const MAX_COLUMNS = 200;
export const MAX_COLUMN_NAME_LENGTH = 100;
/** Each misplaced quote costs 0.2 ms. A file with more misplaced quotes than this is not treated as CSV. */
export const MAX_BROKEN_QUOTES = 5_000;
/** How many bytes at the beginning are used to detect the format. */
export const HEAD_BYTES = 256 * 1024;
/** How many bytes are read before other work on the event loop runs. */
export const CHUNK_BYTES = 16 * 1024;
