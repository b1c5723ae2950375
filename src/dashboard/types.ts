/** What the API answers, in the API's own types: the page stops compiling when an answer changes its shape. */
import type { output } from "zod";
import type { sendView } from "#campaigns/campaign-routes.ts";
import type { campaignView } from "#campaigns/desk-repository.ts";
import type { letterView } from "#dead-letters/view.ts";
import type { jobDetailsView, jobView } from "#jobs/view.ts";

export type Job = output<typeof jobView>;
export type JobDetails = output<typeof jobDetailsView>;
export type Letter = output<typeof letterView>;
export type Campaign = output<typeof campaignView>;
export type Send = output<typeof sendView>;
export type PageOf<Item> = { items: Item[]; nextCursor: string | null };

/** `GET /api/jobs/stats`. */
export type JobStats = {
  classes: {
    priority: number;
    name: string;
    promiseMs: number | null;
    waiting: number;
    running: number;
    oldestWaitingMs: number | null;
    started: number;
    keptShare: number | null;
    waitMsP50: number | null;
    waitMsP99: number | null;
  }[];
  perMinute: {
    at: string;
    accepted: number;
    started: number;
    completed: number;
    failed: number;
    retried: number;
  }[];
  failureRate: number | null;
  retryRate: number | null;
};
