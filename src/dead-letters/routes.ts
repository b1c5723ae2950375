import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Outbox } from "#jobs/outbox.ts";
import { accepted, acceptedView, jobUrl } from "#jobs/view.ts";
import { AppError } from "#lib/errors.ts";
import { filledText, instant, trimmedText, uuid } from "#lib/http/fields.ts";
import { pageQuery, toPage } from "#lib/http/pages.ts";
import { idParams, json, type Route, route } from "#lib/http/route.ts";
import { auditedPatch, type CheckLetter, type JsonPatch, patchBody } from "./patch.ts";
import type { DeadLetterRepository } from "./repository.ts";
import { type DeadLetter, letterStatus } from "./rows.ts";
import { letterView, toLetterView } from "./view.ts";

type Dependencies = {
  letters: Pick<DeadLetterRepository, "list" | "get" | "reprocess" | "ignore">;
  outbox: Outbox;
  checkLetter: CheckLetter;
};

const text = filledText(200).optional();
const time = instant.optional();
const listQuery = z.object({
  ...pageQuery,
  status: letterStatus.optional(),
  event: text,
  function: text,
  code: text,
  fingerprint: text,
  job: uuid.optional(),
  from: time,
  to: time,
});

/** Only administrators may call these routes, because a dead letter contains a whole event. */
export function deadLetterRoutes({ letters, outbox, checkLetter }: Dependencies): Route[] {
  async function find(id: string): Promise<DeadLetter> {
    const letter = await letters.get(id);
    if (!letter) throw new AppError("not_found", "DLQ item not found");
    return letter;
  }
  async function patched(id: string, patch: JsonPatch) {
    const { event_name: event, event_data: data } = await find(id);
    const checked = checkLetter({ event, data }, patch);
    if ("data" in checked) return checked.data;
    throw new AppError("invalid_request", checked.refusal, {
      hint: "The dead letter is still open. Change the patch, and send it again.",
    });
  }
  return [
    route({
      method: "GET",
      path: "/api/dead-letters",
      policy: "admin",
      summary: "Work that failed for good, newest first",
      query: listQuery,
      responses: { 200: z.object({ items: z.array(letterView), nextCursor: z.string().nullable() }) },
      handler: async ({ query }) => {
        const { limit, cursor, event, function: functionId, code, job, ...rest } = query;
        const filter = { ...rest, eventName: event, functionId, errorCode: code, jobId: job };
        const rows = await letters.list(filter, limit, cursor);
        const { items, nextCursor } = toPage(rows, limit, (letter) => ({
          at: letter.failed_at,
          id: letter.id,
        }));
        return json(200, { items: items.map(toLetterView), nextCursor });
      },
    }),
    route({
      method: "GET",
      path: "/api/dead-letters/:id",
      policy: "admin",
      summary: "One dead letter, whole",
      params: idParams,
      responses: { 200: letterView },
      handler: async ({ params }) => json(200, toLetterView(await find(params.id))),
    }),
    route({
      method: "POST",
      path: "/api/dead-letters/:id/reprocess",
      policy: "admin",
      summary: "Put the work back, as a new job; many calls at once make one run",
      takesKey: false,
      params: idParams,
      body: patchBody,
      audited: auditedPatch,
      responses: { 202: acceptedView },
      handler: async ({ params, body, requester }) => {
        const data = body.patch && (await patched(params.id, body.patch));
        const job = await letters.reprocess(params.id, randomUUID(), requester.id, data);
        await outbox.send([job]);
        return json(202, accepted("Reprocessing", job.id), { location: jobUrl(job.id) });
      },
    }),
    route({
      method: "POST",
      path: "/api/dead-letters/:id/ignore",
      policy: "admin",
      summary: "Leave the work undone, and say why",
      params: idParams,
      body: z.object({ note: trimmedText(2000) }),
      responses: { 200: letterView },
      handler: async ({ params, body, requester }) =>
        json(200, toLetterView(await letters.ignore(params.id, body.note, requester.id))),
    }),
  ];
}
