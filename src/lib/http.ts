import type { z } from "zod";

/** Who is asking, after the lock of the route was opened. `id` names the key or user in ledgers and logs. */
export type Requester = { id: string; role: "app" | "admin"; owner: string };

/** Who may call a route. "public" asks nobody; "app" wants any key or user; "admin" wants the role admin. */
export type Policy = "public" | "app" | "admin";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** How a body may arrive; the route's body schema sees parsed JSON, or the text of a CSV as `{ csv: string }`. */
export type BodyKind = "json" | "csv";

export type Answer = { status: number; body: unknown; headers?: Record<string, string> };

export type RouteInput<Params, Query, Body, P extends Policy> = {
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
  P extends Policy,
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
> = {
  method: Method;
  /** Literal path with `:name` parameters, e.g. `/api/jobs/:id`. */
  path: string;
  policy: P;
  summary: string;
  params?: Params;
  query?: Query;
  body?: Body;
  /** Default: JSON alone. */
  bodyKinds?: readonly BodyKind[];
  /** Default: 1 MB. */
  maxBodyBytes?: number;
  /** Status → what the answer looks like. */
  responses: Record<number, z.ZodType>;
  handler: (input: RouteInput<z.output<Params>, z.output<Query>, z.output<Body>, P>) => Promise<Answer>;
};

/** The same line when its types no longer matter: parsing is bound to the handler. */
export type Route = {
  method: Method;
  path: string;
  policy: Policy;
  summary: string;
  params: z.ZodType | undefined;
  query: z.ZodType | undefined;
  body: z.ZodType | undefined;
  bodyKinds: readonly BodyKind[];
  maxBodyBytes: number;
  responses: Record<number, z.ZodType>;
  handle: (input: RouteInput<unknown, unknown, unknown, "public">) => Promise<Answer>;
};

export const json = (status: number, body: unknown, headers: Record<string, string> = {}): Answer => ({
  status,
  body,
  headers,
});
