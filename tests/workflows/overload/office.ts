import { createApiKey } from "@nightshift/local/api-key.ts";
import { eventType } from "inngest";
import { z } from "zod";
import { request } from "#jobs/request.ts";
import { reserveOnRefusal } from "#jobs/reservations.ts";
import { accepted, acceptedView } from "#jobs/view.ts";
import { prioritySchema } from "#lib/engine/priorities.ts";
import { createAuthenticate } from "#lib/http/auth.ts";
import { json, type Route, route } from "#lib/http/route.ts";
import { createRoutes } from "#lib/http/router.ts";
import type { Platform } from "#platform.ts";
import { wanted } from "../../support/jobs.ts";
import { workshop } from "../../support/workshop.ts";

const errandRequested = eventType("test/errand", { schema: z.object({}) });

export type Answer = { status: number; retryAfterSeconds: number | undefined };
export type Office = Awaited<ReturnType<typeof openOffice>>;

/**
 * The platform with one kind of work, `errand`, of which `capacity` begin per second of virtual time: the engine begins
 * no more, the earliest due first. Requests arrive over HTTP, from `requesters` keys.
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
            triggers: [errandRequested],
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
  await shop.rows(
    `select private.register_work_kind('{"function_id": "run-errand", "event_name": "test/errand", "kind": "errand"}')`,
  );
  const door = createRoutes({
    routes: [errandRoute(platform)].map(reserveOnRefusal(platform)),
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
    /** One request; the same number is the same request of the same requester. */
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
    /** Accepts so many jobs without limits and sends them to the engine. */
    async fillLine(count: number, priority: number) {
      await shop.rows("select private.insert_job($1::jsonb - 'id', $2) from generate_series(1, $3)", [
        wanted({ functionId: "run-errand", event: "test/errand", priority, data: { priority } }),
        clock.now(),
        count,
      ]);
      await platform?.outbox.flush();
    },
  };
}

function errandRoute({ jobs }: Platform): Route {
  return route({
    method: "POST",
    path: "/api/errands",
    policy: "app",
    summary: "Have an errand run",
    body: z.object({ priority: prioritySchema }),
    responses: { 202: acceptedView },
    handler: async ({ body: { priority }, requester, idempotencyKey }) => {
      const job = await jobs.accept(
        request(errandRequested, {}, { priority, requester, key: idempotencyKey }),
      );
      return json(202, accepted("Errand queued", job.id));
    },
  });
}
