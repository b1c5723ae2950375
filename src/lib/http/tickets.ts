import { createHmac } from "node:crypto";
import { SignJWT } from "jose/jwt/sign";
import { jwtVerify } from "jose/jwt/verify";
import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { AppError } from "#lib/errors.ts";
import { text } from "#lib/http/fields.ts";
import { json, type Requester, ROLES, type Route, route } from "#lib/http/route.ts";

export type Tickets = ReturnType<typeof createTickets>;

/** A minute is long enough to open a stream, and too short for a ticket that is found in a log to be useful. */
const LIFETIME_SECONDS = 60;

const claims = z.object({ sub: z.string(), role: z.enum(ROLES), owner: z.string() });

/**
 * A ticket is valid for a minute, for one path, and for the requester it was made for. It is part of the URL, for
 * clients that cannot send a header (EventSource).
 */
export function createTickets(secret: string | undefined, clock: Clock) {
  /** Derives a key for tickets only, so that nothing else signed with LINK_SECRET is accepted as a ticket. */
  const key = () => {
    if (secret === undefined) throw new AppError("not_configured", "Tickets need LINK_SECRET");
    return createHmac("sha256", secret).update("ticket").digest();
  };
  return {
    async issue({ id, role, owner }: Requester, path: string) {
      const expiresAt = new Date(clock.now().getTime() + LIFETIME_SECONDS * 1000);
      const ticket = await new SignJWT({ role, owner })
        .setProtectedHeader({ alg: "HS256" })
        .setSubject(id)
        .setAudience(path)
        .setExpirationTime(expiresAt)
        .sign(key());
      return { ticket, expiresAt: expiresAt.toISOString() };
    },

    /**
     * Returns the requester that the ticket was made for. Throws when the ticket is forged, too old or made for another
     * path.
     */
    async open(ticket: string, path: string): Promise<Requester> {
      const { payload } = await jwtVerify(ticket, key(), {
        algorithms: ["HS256"],
        audience: path,
        requiredClaims: ["exp"],
        currentDate: clock.now(),
      }).catch((cause: unknown) => {
        if (cause instanceof AppError) throw cause;
        throw new AppError("unauthorized", "This ticket is not valid for this path, or has expired", {
          hint: "Get a new ticket for this path: POST /api/tickets.",
          cause,
        });
      });
      const { sub: id, role, owner } = claims.parse(payload);
      return { id, role, owner };
    },
  };
}

type TicketDependencies = { tickets: Pick<Tickets, "issue">; routes: () => readonly Route[] };

/** `routes`: all routes of the API, of which some accept a ticket. */
export const ticketRoutes = ({ tickets, routes }: TicketDependencies): Route[] => [
  route({
    method: "POST",
    path: "/api/tickets",
    policy: "user",
    summary: "A ticket to read one path for a minute without a header: /api/jobs/stream?ticket=…",
    body: z.object({
      path: text(200).regex(
        /^\/api\/[\w/.-]+$/,
        "must be a path of this API without its query, e.g. /api/jobs/stream",
      ),
    }),
    responses: { 201: z.object({ ticket: z.string(), expiresAt: z.string() }) },
    handler: async ({ body, requester }) => {
      requireKnown(body.path, routes());
      return json(201, await tickets.issue(requester, body.path));
    },
  }),
];

/** Throws `invalid_request` for a path that no route with tickets has, because nothing would open the ticket. */
function requireKnown(path: string, routes: readonly Route[]): void {
  const known = routes.filter((one) => one.ticket).map((one) => one.path);
  const parts = path.split("/");
  const isLike = (pattern: string) => {
    const wanted = pattern.split("/");
    return (
      wanted.length === parts.length && wanted.every((part, n) => part.startsWith(":") || part === parts[n])
    );
  };
  if (known.some(isLike)) return;
  throw new AppError("invalid_request", `No ticket opens this path. Tickets open ${known.join(", ")}`);
}
