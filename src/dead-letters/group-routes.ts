import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Jobs } from "#jobs/accept.ts";
import { request } from "#jobs/request.ts";
import { accepted, acceptedView, jobUrl } from "#jobs/view.ts";
import { AppError } from "#lib/errors.ts";
import { filledText, trimmedText } from "#lib/http/fields.ts";
import { json, type Requester, type Route, route } from "#lib/http/route.ts";
import { dryRun, dryRunView } from "./dry-run.ts";
import { handleLetterGroup } from "./events.ts";
import type { GroupWork, LetterGroupRepository } from "./group-repository.ts";
import { groupView, toGroupView } from "./group-view.ts";
import { auditedPatch, type CheckLetter, jsonPatch, patchBody } from "./patch.ts";
import { letterStatus } from "./rows.ts";

type Dependencies = {
  groups: Pick<LetterGroupRepository, "list" | "accept" | "page">;
  jobs: Pick<Jobs, "accept">;
  checkLetter: CheckLetter;
};

const params = z.object({ fingerprint: filledText(64) });

/** Only administrators may call these routes, because a dead letter contains a whole event. */
export function letterGroupRoutes({ groups, jobs, checkLetter }: Dependencies): Route[] {
  async function accept(work: GroupWork, requester: Requester, key: string | undefined) {
    const id = randomUUID();
    const options = { requester, key, id, comparedData: work };
    const wanted = request(handleLetterGroup, { groupJobId: id }, options);
    const job = await jobs.accept(wanted, (asked) => groups.accept(asked, work));
    const message = work.action === "ignore" ? "Ignoring" : "Reprocessing";
    return json(202, accepted(message, job.id), { location: jobUrl(job.id) });
  }

  return [
    route({
      method: "GET",
      path: "/api/dead-letters/groups",
      policy: "admin",
      summary: "Dead letters grouped by their cause, the one that failed last first",
      query: z.object({
        status: letterStatus.optional(),
        limit: z.coerce.number().int().min(1).max(200).default(100),
      }),
      responses: { 200: z.object({ items: z.array(groupView), total: z.number() }) },
      handler: async ({ query: { status, limit } }) => {
        const { items, total } = await groups.list({ status }, limit);
        return json(200, { items: items.map(toGroupView), total });
      },
    }),
    route({
      method: "GET",
      path: "/api/dead-letters/groups/:fingerprint",
      policy: "admin",
      summary: "One group: what a job that handles it would find, or has done so far",
      params,
      responses: { 200: groupView },
      handler: async ({ params: { fingerprint } }) => {
        const [group] = (await groups.list({ fingerprint }, 1)).items;
        if (!group) throw new AppError("not_found", "No dead letter has this fingerprint");
        return json(200, toGroupView(group));
      },
    }),
    route({
      method: "POST",
      path: "/api/dead-letters/groups/:fingerprint/reprocess",
      policy: "admin",
      summary: "Put the open work of a group back, some at a time; halts when too many fail again",
      params,
      body: z
        .strictObject({
          atOnce: z.int().min(1).max(500).default(10),
          haltAfter: z.int().min(0).max(1_000_000).default(5),
          canary: z.int().min(0).max(500).default(0),
          patch: jsonPatch.nullable().default(null),
        })
        .prefault({}),
      audited: auditedPatch,
      responses: { 202: acceptedView },
      handler: ({ params, body, requester, idempotencyKey }) =>
        accept({ ...params, ...body, action: "reprocess", note: null }, requester, idempotencyKey),
    }),
    route({
      method: "POST",
      path: "/api/dead-letters/groups/:fingerprint/dry-run",
      policy: "admin",
      summary:
        "Check the data of a group's open letters by their event's schema, with or without a patch; changes nothing",
      params,
      body: patchBody,
      audited: auditedPatch,
      responses: { 200: dryRunView },
      handler: async ({ params: { fingerprint }, body: { patch } }) => {
        const answer = await dryRun({ groups, checkLetter }, fingerprint, patch ?? null);
        if (answer.checked > 0) return json(200, answer);
        throw new AppError("not_found", "No open dead letter of this group can be reprocessed");
      },
    }),
    route({
      method: "POST",
      path: "/api/dead-letters/groups/:fingerprint/ignore",
      policy: "admin",
      summary: "Leave the open work of a group undone, and say why",
      params,
      body: z.object({ note: trimmedText(2000) }),
      responses: { 202: acceptedView },
      handler: ({ params, body, requester, idempotencyKey }) =>
        accept(
          { ...params, ...body, action: "ignore", atOnce: 1, haltAfter: 0, canary: 0, patch: null },
          requester,
          idempotencyKey,
        ),
    }),
  ];
}
