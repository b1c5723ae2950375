/** A row is kept in memory whole. */
export const MAX_ROW_BYTES = 256 * 1024;
export const MAX_COLUMNS = 200;
export const MAX_COLUMN_NAME_LENGTH = 100;
/** Each costs a fifth of a millisecond; a file with more of them is no CSV. */
export const MAX_BROKEN_QUOTES = 5_000;
/** From so many bytes at its beginning it is found how a file is written. */
export const HEAD_BYTES = 256 * 1024;
/** So much is read before others have their turn. */
export const CHUNK_BYTES = 16 * 1024;
