import { randomUUID } from "node:crypto";
import { z } from "zod";
import { erasePersonRequested } from "#erasures/events.ts";
import type { ErasureRepository } from "#erasures/repository.ts";
import type { Jobs } from "#jobs/accept.ts";
import { request } from "#jobs/request.ts";
import { accepted, acceptedView, jobUrl } from "#jobs/view.ts";
import { address } from "#lib/email-address.ts";
import { AppError } from "#lib/errors.ts";
import { idParams, json, type Route, route } from "#lib/http/route.ts";

type Dependencies = { erasures: ErasureRepository; jobs: Pick<Jobs, "accept"> };

const erasureView = z.object({
  id: z.uuid(),
  /** `failed`: its job has ended before everything was erased; reprocess the job's dead letter. */
  status: z.enum(["erasing", "failed", "completed"]),
  /** Table → number of rows that were emptied, or in which the address was replaced. */
  counts: z.record(z.string(), z.number()),
  createdAt: z.string(),
  completedAt: z.string().nullable(),
  jobUrl: z.string(),
});
z.globalRegistry.add(erasureView, { id: "Erasure" });

export const erasureRoutes = ({ erasures, jobs }: Dependencies): Route[] => [
  route({
    method: "POST",
    path: "/api/erasures",
    policy: "admin",
    summary: "Take a person out of the database, wherever their address stands; the receipt counts the rows",
    body: z.object({
      email: address,
    }),
    responses: { 202: acceptedView.extend({ erasureUrl: z.string() }) },
    handler: async ({ body: { email }, requester, idempotencyKey: key }) => {
      const id = randomUUID();
      const wanted = request(
        erasePersonRequested,
        { erasureId: id },
        { requester, key, id, comparedData: { email } },
      );
      const job = await jobs.accept(wanted, (asked) => erasures.accept(email, asked));
      return json(202, { ...accepted("Erasing", job.id), erasureUrl: `/api/erasures/${job.id}` });
    },
  }),
  route({
    method: "GET",
    path: "/api/erasures/:id",
    policy: "admin",
    summary: "The receipt of an erasure: how many rows of which table; the address is forgotten",
    params: idParams,
    responses: { 200: erasureView },
    handler: async ({ params }) => {
      const erasure = await erasures.get(params.id);
      if (!erasure) throw new AppError("not_found", "Erasure not found");
      const { id, status, counts, created_at: createdAt, completed_at: completedAt } = erasure;
      return json(200, { id, status, counts, createdAt, completedAt, jobUrl: jobUrl(id) });
    },
  }),
];
