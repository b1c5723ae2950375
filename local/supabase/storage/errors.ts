import pg from "pg";
import { type Answer, json } from "../http.ts";

/** An error of Storage. The body contains the true status, while the HTTP status is mostly 400. */
export class StorageError extends Error {
  readonly statusCode: number;
  readonly error: string;
  readonly status: number;

  constructor(statusCode: number, error: string, message: string, status = 400) {
    super(message);
    this.statusCode = statusCode;
    this.error = error;
    this.status = status;
  }
}

export const objectNotFound = () => new StorageError(404, "not_found", "Object not found");
export const bucketNotFound = () => new StorageError(404, "Bucket not found", "Bucket not found");
export const duplicate = () => new StorageError(409, "Duplicate", "The resource already exists");
export const invalidKey = (key: string) => new StorageError(400, "InvalidKey", `Invalid key: ${key}`);
export const invalidHeader = (name: string, value: string) =>
  new StorageError(
    400,
    "invalid_header_char",
    `Invalid character in response header "${name}": ${value.slice(0, 50)}`,
  );
export const tooLarge = () =>
  new StorageError(413, "Payload too large", "The object exceeded the maximum allowed size");

export const storageErrorAnswer = (error: unknown): Answer | undefined => {
  if (error instanceof StorageError) {
    return json(error.status, {
      statusCode: String(error.statusCode),
      error: error.error,
      message: error.message,
    });
  }
  if (!(error instanceof pg.DatabaseError)) return undefined;
  const known = databaseErrors[error.code ?? ""]?.(error.message);
  return known === undefined ? undefined : storageErrorAnswer(known);
};

const databaseErrors: Readonly<Record<string, (message: string) => StorageError>> = {
  "42501": (message) => new StorageError(403, "Unauthorized", message),
  "23505": duplicate,
  "23503": bucketNotFound,
};
