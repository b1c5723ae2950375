import { z } from "zod";
import { uuid } from "#lib/http/fields.ts";
import { PICTURE_TYPES } from "#lib/pictures/kind.ts";

/** The caller, known after the route's policy was checked. `id` names the key or user in the ledger and the logs. */
export type Requester = { id: string; role: Role; owner: string };

/**
 * Each role includes the rights of the roles before it. Users who sign up are "user"; API keys and `app_metadata` give
 * the other roles.
 */
export const ROLES = ["user", "app", "admin"] as const;
export type Role = (typeof ROLES)[number];

/** The owner whose rows the requester may see and change; null means all owners. */
export const ownerOf = ({ role, owner }: Requester): string | null => (role === "admin" ? null : owner);

/**
 * The lowest role that a route accepts; "public" requires none. "signature": the handler verifies that a provider signed
 * the raw bytes.
 */
export type Policy = "public" | "signature" | Role;
export const POLICIES: readonly Policy[] = ["public", "signature", ...ROLES];

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/**
 * The kinds of bodies. The schema gets parsed JSON, a CSV as `{ csv: Uint8Array }`, an image as `{ bytes: Uint8Array,
 * contentType: string }`, a form as an object of its texts, or JSON that a provider signed as `{ bytes: Uint8Array }`.
 */
export type BodyKind = "json" | "csv" | "image" | "form" | "signed";

/** The content types of each kind. The type is not trusted, so code that takes an image also inspects its bytes. */
export const CONTENT_TYPES: Readonly<Record<BodyKind, readonly string[]>> = {
  json: ["application/json"],
  csv: ["text/csv"],
  image: PICTURE_TYPES,
  form: ["application/x-www-form-urlencoded", "multipart/form-data"],
  signed: ["application/json"],
};

export type Answer = {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
  /**
   * Work that is done after the answer, and never throws. If the process dies first, housekeeping does the work later.
   */
  after?: (() => Promise<unknown>) | undefined;
};

/** Keeps the process alive after the answer until the work has ended. */
export type WaitUntil = (work: Promise<unknown>) => void;

export type RouteInput<P extends Policy, Params, Query, Body> = {
  params: Params;
  query: Query;
  body: Body;
  requester: P extends "public" | "signature" ? Requester | undefined : Requester;
  /** The `Idempotency-Key` header. */
  idempotencyKey: string | undefined;
  request: Request;
};

/** A route as a room declares it. */
export type RouteSpec<
  P extends Policy = Policy,
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
> = {
  method: Method;
  /** A literal path with `:name` parameters, e.g. `/api/jobs/:id`. */
  path: string;
  policy: P;
  summary: string;
  /** Whether the route makes one row for each `Idempotency-Key`. Default: whether it is a POST that accepts work (202). */
  takesKey?: boolean;
  /** When the params do not fit the schema, no row can have this id, so the answer is 404. */
  params?: Params;
  query?: Query;
  body?: Body;
  /** Default: only JSON. */
  bodyKinds?: readonly BodyKind[];
  /** Default: 1 MB. */
  maxBodyBytes?: number;
  /** After this time the answer is 503, even if the database still works on the request. Default: 8 s. */
  timeoutMs?: number;
  /** The schema of the answer for each status. */
  responses: Record<number, z.ZodType>;
  /** The content types of a successful answer. Default: only JSON. */
  answers?: readonly string[];
  /**
   * Whether the route also accepts `?ticket=`, for callers that cannot send a header: EventSource and `<img>`. Only for
   * GET.
   */
  ticket?: boolean;
  /** The fields of the body that the audit log stores, in addition to the path's parameters. */
  audited?: (this: void, body: unknown) => Record<string, string>;
  /** A returned `Response` is sent as it is, including streams, with the headers that every answer has. */
  handler(
    this: void,
    input: RouteInput<P, z.output<Params>, z.output<Query>, z.output<Body>>,
  ): Promise<Answer | Response>;
};

/** A route without its type parameters: the handler already includes the validation. */
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

/** An unknown field is an error of the caller, which the answer names. */
const strict = (schema: z.ZodType): z.ZodType => {
  const inner = schema instanceof z.ZodOptional ? schema.unwrap() : undefined;
  if (inner instanceof z.ZodType) return strict(inner).optional();
  return schema instanceof z.ZodObject ? schema.strict() : schema;
};

export const json = (status: number, body: unknown, headers: Record<string, string> = {}): Answer => ({
  status,
  body,
  headers,
});

/** The `:id` parameter of most routes. */
export const idParams = z.object({ id: uuid });
