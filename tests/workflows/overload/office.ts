import { randomUUID } from "node:crypto";
import { createApiKey } from "@nightshift/local/api-key.ts";
import type { SupabaseClient } from "@supabase/supabase-js";
import { z } from "zod";
import { limitsFor } from "#jobs/limits.ts";
import { jobRow } from "#jobs/rows.ts";
import { giveTurns } from "#jobs/turns.ts";
import { accepted, acceptedView } from "#jobs/view.ts";
import { toAppError } from "#lib/database/client.ts";
import { prioritySchema } from "#lib/engine/priorities.ts";
import { createAuthenticate } from "#lib/http/auth.ts";
import { json, type Route, route } from "#lib/http/route.ts";
import { createRoutes } from "#lib/http/router.ts";
import type { Platform } from "#platform.ts";
import { workshop } from "../../support/workshop.ts";

/** As rooms have it: the business row is missing, the rest is theirs. */
const ACCEPT = `
  create function public.accept_errand(p_job_id uuid, p_requester text, p_key text, p_limits jsonb, p_now timestamptz)
  returns public.jobs language sql set search_path = '' as $$
    select * from private.accept_job(p_job_id, 'office', p_requester, 'run-errand', 'test/errand', '{}', 'errand', p_key,
      null, p_limits, p_now);
  $$;
  grant execute on function public.accept_errand to service_role;
  notify pgrst, 'reload schema'`;

export type Answer = { status: number; retryAfterSeconds: number | undefined };
export type Office = Awaited<ReturnType<typeof openOffice>>;

/**
 * The platform with one kind of work, `errand`, of which `capacity` begin in a second of virtual time: more than
 * that the engine lets nobody begin, earliest due first. Requests come in by the real door, from `requesters` keys.
 */
export async function openOffice({ capacity, requesters }: { capacity: number; requesters: number }) {
  let platform: Platform | undefined;
  const shop = await workshop({
    env: { PLAN: "pro" },
    functions: (given) => {
      platform = given;
      const { inngest, flow, onFailure } = given;
      return [
        inngest.createFunction(
          {
            id: "run-errand",
            triggers: [{ event: "test/errand" }],
            retries: 0,
            throttle: { limit: capacity, period: "1s" },
            ...flow.prioritized(),
            onFailure,
          },
          async () => null,
        ),
      ];
    },
  });
  if (!platform) throw new Error("the workshop gave no platform");
  const { clock, logger } = platform;
  await shop.rows(ACCEPT);
  const door = createRoutes({
    routes: [errandRoute(platform)].map(giveTurns(platform)),
    authenticate: createAuthenticate(platform),
    logger,
  });
  const keys: string[] = [];
  for (let n = 0; n < requesters; n++)
    keys.push(
      await createApiKey(shop.database.project, { name: `office ${n}`, role: "app", owner: "office" }),
    );

  return {
    ...shop,
    now: () => clock.now().getTime(),
    /** One request; the same number is the same request, from the same requester. */
    async ask(number: number, priority: number): Promise<Answer> {
      const response = await door(
        new Request("http://site.local/api/errands", {
          method: "POST",
          headers: {
            authorization: `Bearer ${keys[number % keys.length]}`,
            "content-type": "application/json",
            "idempotency-key": `errand ${number}`,
          },
          body: JSON.stringify({ priority }),
        }),
      );
      const retryAfter = response.headers.get("retry-after");
      return {
        status: response.status,
        retryAfterSeconds: retryAfter === null ? undefined : Number(retryAfter),
      };
    },
    /** A line that nobody refuses, handed to the engine. */
    async fillLine(count: number, priority: number) {
      await shop.rows(
        `select private.accept_job(gen_random_uuid(), 'office', 'office', 'run-errand', 'test/errand', '{}', 'errand',
          null, null, $1, $2) from generate_series(1, $3)`,
        [JSON.stringify({ priority }), clock.now(), count],
      );
      await platform?.outbox.flush();
    },
  };
}

/** The generated types do not know a function that only this test has. */
async function acceptErrand(db: Platform["db"], request: Record<string, unknown>) {
  const { data, error } = await (db as unknown as SupabaseClient).rpc("accept_errand", request);
  if (error) throw toAppError(error);
  return jobRow.parse(data);
}

function errandRoute({ db, clock, outbox }: Platform): Route {
  return route({
    method: "POST",
    path: "/api/errands",
    policy: "app",
    summary: "Have an errand run",
    body: z.object({ priority: prioritySchema }),
    responses: { 202: acceptedView },
    handler: async ({ body: { priority }, requester, idempotencyKey }) => {
      const job = await acceptErrand(db, {
        p_job_id: randomUUID(),
        p_requester: requester.id,
        p_key: idempotencyKey ?? null,
        p_limits: limitsFor("errand", { priority }),
        p_now: clock.now().toISOString(),
      });
      await outbox.send([job]);
      return json(202, accepted("Errand queued", job.id));
    },
  });
}
