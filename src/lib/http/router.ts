import { Hono } from "hono";
import { z } from "zod";
import { AppError } from "#lib/errors.ts";
import { isUnstorable } from "#lib/http/json.ts";
import { problemHeaders, toProblem } from "#lib/http/problem.ts";
import { bodySchema, readBody } from "#lib/http/request-body.ts";
import { type Answer, type Requester, ROLES, type Route, type WaitUntil } from "#lib/http/route.ts";
import { methodNotAllowed, methodsOf, tablesByPath } from "#lib/http/route-table.ts";
import { SECURITY_HEADERS } from "#lib/http/security-headers.ts";
import { parseFields } from "#lib/http/wrong-fields.ts";
import { addLogContext, type Logger, withLogContext } from "#lib/logger.ts";
import { withTimeout } from "#lib/timeout.ts";

/** Undefined when the request has no credentials. Wrong credentials throw `unauthorized`. */
export type Authenticate = (request: Request) => Promise<Requester | undefined>;

/** The requester that a ticket for this path was issued to; throws `unauthorized` for any other ticket. */
export type OpenTicket = (ticket: string, path: string) => Promise<Requester>;

/** Writes an administrator's action to the audit log, before the action is done. */
export type Audit = (actor: string, action: string, target: Record<string, string>) => Promise<void>;

type Locks = { authenticate: Authenticate; openTicket?: OpenTicket };
type Options = Locks & { routes: readonly Route[]; logger: Logger; audit?: Audit };

const MAX_HEADER_BYTES = 16 * 1024;

/** The answers to accepted work contain the job's id, so that it can be logged. */
const acceptedJob = z.object({ jobId: z.string().optional() });

/**
 * The whole API as one handler: it finds the route, checks its policy, validates the input, and answers. Without
 * `waitUntil`, the work that may follow an answer is done before the answer.
 */
export function createRoutes({ routes, logger, audit, ...locks }: Options) {
  const app = new Hono<{ Bindings: { waitUntil?: WaitUntil | undefined } }>({ strict: false });
  for (const [path, table] of tablesByPath(routes)) {
    app.all(path, ({ req, env }) =>
      withLogContext({ method: req.method, route: path }, async () => {
        const startedMs = performance.now();
        const response = await respond(logger, async () => {
          refuseHugeHeaders(req.raw);
          const route = table.get(req.method === "HEAD" ? "GET" : req.method);
          if (!route) throw methodNotAllowed(table);
          const withinTime = createTimeLimit(route.timeoutMs);
          const requester = isOpen(route.policy)
            ? undefined
            : await withinTime(admit(route, route.policy, req.raw, locks));
          addLogContext({ by: requester?.id });
          const input = await readInput(route, req.raw, req.param());
          if (requester && isAdminAction(route, requester)) {
            const target = { ...req.param(), ...route.audited?.(input.body) };
            await withinTime(audit?.(requester.id, `${route.method} ${path}`, target) ?? Promise.resolve());
          }
          const answer = await withinTime(route.handle({ ...input, requester }));
          if (!(answer instanceof Response)) {
            addLogContext(acceptedJob.safeParse(answer.body).data ?? {});
            await follow(answer, env.waitUntil);
          }
          return answer;
        });
        if (response.status === 405) response.headers.set("allow", methodsOf(table).join(", "));
        // The answer to HEAD is sent without its body, so the body's stream must be closed.
        if (req.method === "HEAD") await response.body?.cancel();
        logger.info({ status: response.status, ms: Math.round(performance.now() - startedMs) }, "request");
        return response;
      }),
    );
  }
  app.notFound(() =>
    respond(logger, () => Promise.reject(new AppError("not_found", "There is nothing at this address"))),
  );
  return (request: Request, waitUntil?: WaitUntil): Promise<Response> =>
    Promise.resolve(app.fetch(request, { waitUntil }));
}

async function follow({ after }: Answer, waitUntil: WaitUntil | undefined): Promise<void> {
  const work = after?.();
  if (work === undefined) return;
  if (waitUntil) waitUntil(work);
  else await work;
}

/**
 * Whether an administrator changes rows by a route for administrators, or one row by a route with an id. That row may
 * belong to another owner.
 */
const isAdminAction = ({ method, policy, path }: Route, { role }: Requester): boolean =>
  method !== "GET" && (policy === "admin" || (role === "admin" && path.includes(":")));

/** Limits the time of authentication and handler together. Receiving a slow body is not counted. */
function createTimeLimit(limitMs: number) {
  let leftMs = limitMs;
  return async <T>(work: Promise<T>): Promise<T> => {
    const startedMs = performance.now();
    const result = await withTimeout(work, leftMs, "database_unavailable");
    leftMs -= performance.now() - startedMs;
    return result;
  };
}

/** Whether a route needs no requester: anyone may call it, or its handler verifies a signature. */
const isOpen = (policy: Route["policy"]): policy is "public" | "signature" =>
  policy === "public" || policy === "signature";

async function admit(
  route: Route,
  needed: Requester["role"],
  request: Request,
  { authenticate, openTicket }: Locks,
): Promise<Requester> {
  const { pathname, searchParams } = new URL(request.url);
  const ticket = route.ticket ? searchParams.get("ticket") : null;
  const requester =
    (await authenticate(request)) ?? (ticket === null ? undefined : await openTicket?.(ticket, pathname));
  if (!requester) throw new AppError("unauthorized", "This needs an API key or a user token");
  if (ROLES.indexOf(requester.role) < ROLES.indexOf(needed)) {
    throw new AppError("forbidden", `This requires the role ${needed}`);
  }
  return requester;
}

async function readInput(route: Route, request: Request, rawParams: Record<string, string>) {
  const params = readParams(route, rawParams);
  const asked = readQuery(route, request);
  const query = route.query && parseFields(route.query, asked, "query");
  const body = parseFields(bodySchema(route) ?? z.unknown(), await readBody(request, route), "body");
  const idempotencyKey = request.headers.get("idempotency-key") ?? undefined;
  if (idempotencyKey !== undefined && (idempotencyKey.length === 0 || idempotencyKey.length > 255)) {
    throw new AppError("invalid_request", "Idempotency-Key must be 1 to 255 characters long");
  }
  return { params, query, body, idempotencyKey, request };
}

function readParams({ params }: Route, raw: Record<string, string>): unknown {
  const parsed = params?.safeParse(raw);
  if (parsed?.success === false) throw new AppError("not_found", "Nothing has this id");
  return parsed?.data;
}

function readQuery(route: Route, request: Request): Record<string, string> {
  const { searchParams } = new URL(request.url);
  // The ticket was already checked, so the route's schema must not see it.
  if (route.ticket) searchParams.delete("ticket");
  for (const [name, value] of searchParams) {
    if (isUnstorable(name) || isUnstorable(value))
      throw new AppError("invalid_request", "The query contains NUL");
    if (searchParams.getAll(name).length > 1) {
      throw new AppError("invalid_request", `The query field "${name}" is given twice`);
    }
  }
  return Object.fromEntries(searchParams);
}

function refuseHugeHeaders(request: Request): void {
  let bytes = request.url.length;
  for (const [name, value] of request.headers) bytes += name.length + value.length;
  if (bytes > MAX_HEADER_BYTES)
    throw new AppError("headers_too_large", `Address and headers are limited to ${MAX_HEADER_BYTES} bytes`);
}

async function respond(logger: Logger, work: () => Promise<Answer | Response>): Promise<Response> {
  try {
    const answer = await work();
    if (answer instanceof Response) return secured(answer);
    const { status, body, headers } = answer;
    return toResponse(status, body, { "content-type": "application/json", ...headers });
  } catch (error) {
    const problem = toProblem(error);
    if (problem.status >= 500) logger.error({ err: error, code: problem.code }, "request failed");
    return toResponse(problem.status, problem, problemHeaders(error));
  }
}

function secured({ status, body, headers }: Response): Response {
  return new Response(body, { status, headers: { ...SECURITY_HEADERS, ...Object.fromEntries(headers) } });
}

function toResponse(status: number, body: unknown, headers: Record<string, string>): Response {
  const text = status === 204 ? null : JSON.stringify(body);
  return new Response(text, { status, headers: { ...SECURITY_HEADERS, ...headers } });
}
