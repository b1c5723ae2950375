import type { Names } from "./names.ts";

/** The files of a new job by path. People read them and then replace the example with their own work. */
export const filesOf = (names: Names): Record<string, string> => ({
  [`src/${names.room}/events.ts`]: events(names),
  [`src/${names.room}/${names.job}.ts`]: functionFile(names),
  [`src/${names.room}/room.ts`]: room(names),
  [`tests/workflows/${names.room}/${names.job}.test.ts`]: test(names),
});

const events = ({ eventName, event, idField, title }: Names) => `import { eventType } from "inngest";
import { z } from "zod";

/** Command: ${title.toLowerCase()}. \`owner\` owns the job and gets its notifications. */
export const ${eventName} = eventType("${event}", {
  schema: z.object({ ${idField}: z.uuid(), owner: z.string().max(200) }),
});
`;

const functionFile = ({
  job,
  functionName,
  eventName,
  idField,
}: Names) => `import type { OnFailure } from "#dead-letters/on-failure.ts";
import { cancelOfThisJob, type FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { tries } from "#lib/engine/retry-policy.ts";
import { ${eventName} } from "./events.ts";

type Dependencies = {
  inngest: InngestClient;
  flow: FlowControl;
  onFailure: OnFailure;
  notifications: { send(notification: { owner: string; type: string; key: string }): Promise<void> };
};

/**
 * A step may run twice, so its effect needs an idempotency key that is the same in every run. The return value is the
 * job's result.
 */
export const ${functionName} = ({ inngest, flow, onFailure, notifications }: Dependencies) =>
  inngest.createFunction(
    {
      id: "${job}",
      triggers: [${eventName}],
      ...flow.prioritized(10),
      ...tries("standard"),
      cancelOn: cancelOfThisJob("${job}"),
      onFailure,
    },
    async ({ event, step }) => {
      const { ${idField}, owner } = event.data;
      const valid = await step.run("validate", () => ({ ${idField} }));
      const result = await step.run("process", () => ({ ...valid, isDone: true }));
      const notification = { owner, type: "${job.replaceAll("-", "_").toUpperCase()}", key: \`${job}:\${event.id}\` };
      await step.run("notify", () => notifications.send(notification));
      return result;
    },
  );
`;

const room = ({ room: name, job, roomName, eventName, idField, title }: Names) => `import { z } from "zod";
import type { Jobs } from "#jobs/accept.ts";
import { jobOptions, request } from "#jobs/request.ts";
import { accepted, acceptedView } from "#jobs/view.ts";
import { json, route } from "#lib/http/route.ts";
import { room } from "#lib/room.ts";
import { ${eventName} } from "./events.ts";

export const ${roomName} = room<{ jobs: Pick<Jobs, "accept"> }>({
  name: "${name}",
  routes: ({ jobs }) => [
    route({
      method: "POST",
      path: "/api/${name}/${job}",
      policy: "app",
      summary: "${title}, as a job",
      body: z.object({ ${idField}: z.uuid(), ...jobOptions }),
      responses: { 202: acceptedView },
      handler: async ({ body: { ${idField}, ...options }, requester, idempotencyKey: key }) => {
        const data = { ${idField}, owner: requester.owner };
        const requestOptions = { ...options, requester, key, functionId: "${job}" };
        const job = await jobs.accept(request(${eventName}, data, requestOptions));
        return json(202, accepted("${title}", job.id));
      },
    }),
  ],
  visibleFields: { [${eventName}.name]: ["${idField}"] },
});
`;

const test = ({ room: name, job, idField }: Names) => `import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CampaignHouse, campaignHouse } from "../../support/campaign-house.ts";

let house: CampaignHouse;
beforeAll(async () => void (house = await campaignHouse()));
afterAll(() => house.close());

test("${job} is accepted, completes, and tells its owner", async () => {
  const ${idField} = randomUUID();
  const { status, body } = await house.call("POST", "/api/${name}/${job}", { ${idField} });
  expect(status).toBe(202);
  await house.engine.run(body.jobId);
  const job = await house.call("GET", body.statusUrl);
  expect(job.body).toMatchObject({ status: "completed", result: { ${idField} } });
  const told = await house.call("GET", "/api/notifications");
  expect(told.body.items).toMatchObject([{ type: "${job.replaceAll("-", "_").toUpperCase()}" }]);
});
`;

/** The kind of the job's work: what it does, and what one job is about, as lists of jobs and functions show it. */
export const migration = ({ job, event, idField, summary }: Names) => {
  const subjects = `private.${job.replaceAll("-", "_")}_subjects`;
  return `-- The kind of work of the function ${job}: its summary, and the subject of each job. The page
-- shows both.

create function ${subjects}(p_jobs public.jobs[])
returns table (job_id uuid, subject text)
language sql stable
set search_path = ''
as $$
  select id, event_data ->> '${idField}' from unnest(p_jobs);
$$;
revoke execute on function ${subjects} from public, anon, authenticated;
grant execute on function ${subjects} to service_role;

select private.register_work_kind('{"function_id": "${job}", "event_name": "${event}",
  "subjects": "${subjects}",
  "summary": "${summary}"}');
`;
};

/** How the test of outages starts the job, and the effect that must happen exactly once. */
export const outageEntry = ({ room, job, idField }: Names) => `  "${job}": {
    begin: async () =>
      (await house.call("POST", "/api/${room}/${job}", { ${idField}: randomUUID() })).jobId,
    isDone: hasCompleted,
    effects: async (id) => ({
      told: await count("select count(*) as n from notifications where key = $1", \`${job}:\${id}\`),
    }),
    once: { told: 1 },
  },`;
