import { z } from "zod";
import { uuid } from "#lib/http/fields.ts";
import { PICTURE_TYPES } from "#lib/pictures/kind.ts";

/** Who is asking, after the lock of the route was opened. `id` names the key or user in ledgers and logs. */
export type Requester = { id: string; role: Role; owner: string };

/** Each may do what those before it may. Whoever signs up is a "user"; keys and what `app_metadata` says are the rest. */
export const ROLES = ["user", "app", "admin"] as const;
export type Role = (typeof ROLES)[number];

/** Whose rows the requester may see and change; null: everybody's. */
export const ownerOf = ({ role, owner }: Requester): string | null => (role === "admin" ? null : owner);

/** Who may call a route: "public" asks nobody, the others want that role at least. */
export type Policy = "public" | Role;
export const POLICIES: readonly Policy[] = ["public", ...ROLES];

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/**
 * How a body may arrive. The body schema sees parsed JSON, the bytes of a CSV as `{ csv: Uint8Array }`, or the bytes of a
 * picture as `{ bytes: Uint8Array, contentType: string }`.
 */
export type BodyKind = "json" | "csv" | "image";

/** The content types of each kind; a room that takes a picture looks at its bytes. */
export const CONTENT_TYPES: Readonly<Record<BodyKind, readonly string[]>> = {
  json: ["application/json"],
  csv: ["text/csv"],
  image: PICTURE_TYPES,
};

export type Answer = { status: number; body: unknown; headers?: Record<string, string> };

export type RouteInput<P extends Policy, Params, Query, Body> = {
  params: Params;
  query: Query;
  body: Body;
  requester: P extends "public" ? Requester | undefined : Requester;
  /** The `Idempotency-Key` header. */
  idempotencyKey: string | undefined;
  request: Request;
};

/** One line of the API's table, as it is written. */
export type RouteSpec<
  P extends Policy = Policy,
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
> = {
  method: Method;
  /** Literal path with `:name` parameters, e.g. `/api/jobs/:id`. */
  path: string;
  policy: P;
  summary: string;
  /** What does not fit is an id that nothing has: 404. */
  params?: Params;
  query?: Query;
  body?: Body;
  /** Default: JSON alone. */
  bodyKinds?: readonly BodyKind[];
  /** Default: 1 MB. */
  maxBodyBytes?: number;
  /** After this the answer is 503, whatever the database does. Default: 8 s. */
  timeoutMs?: number;
  /** Status → what the answer looks like. */
  responses: Record<number, z.ZodType>;
  /** The content types of a good answer. Default: JSON alone. */
  answers?: readonly string[];
  /** Opened by `?ticket=` too, for callers that can send no header: EventSource, `<img>`. Only for GET. */
  ticket?: boolean;
  /** A `Response` goes out as it is, streams too, with the headers that every answer has. */
  handler(
    this: void,
    input: RouteInput<P, z.output<Params>, z.output<Query>, z.output<Body>>,
  ): Promise<Answer | Response>;
};

/** The same line when its types no longer matter: validation is bound to the handler. */
export type Route = Omit<
  RouteSpec,
  "handler" | "bodyKinds" | "maxBodyBytes" | "timeoutMs" | "answers" | "ticket"
> & {
  bodyKinds: readonly BodyKind[];
  maxBodyBytes: number;
  timeoutMs: number;
  answers: readonly string[];
  ticket: boolean;
  handle(this: void, input: RouteInput<Policy, unknown, unknown, unknown>): Promise<Answer | Response>;
};

const MEGABYTE = 1024 * 1024;
const TIMEOUT_MS = 8_000;

export function route<
  P extends Policy,
  Params extends z.ZodType = z.ZodUndefined,
  Query extends z.ZodType = z.ZodUndefined,
  Body extends z.ZodType = z.ZodUndefined,
>(spec: RouteSpec<P, Params, Query, Body>): Route;
export function route(spec: RouteSpec): Route {
  const { handler, bodyKinds = ["json"], maxBodyBytes = MEGABYTE, ...rest } = spec;
  const { answers = CONTENT_TYPES.json, ticket = false, timeoutMs = TIMEOUT_MS } = spec;
  const { params, query, body } = spec;
  return {
    ...rest,
    ...(params === undefined ? {} : { params: strict(params) }),
    ...(query === undefined ? {} : { query: strict(query) }),
    ...(body === undefined ? {} : { body: strict(body) }),
    bodyKinds,
    maxBodyBytes,
    timeoutMs,
    answers,
    ticket,
    handle: (input) => handler(input),
  };
}

/** A field that nobody reads is a mistake of the caller, and said so. */
const strict = (schema: z.ZodType): z.ZodType => (schema instanceof z.ZodObject ? schema.strict() : schema);

export const json = (status: number, body: unknown, headers: Record<string, string> = {}): Answer => ({
  status,
  body,
  headers,
});

/** `:id` of most routes. */
export const idParams = z.object({ id: uuid });
