import { expect, test } from "vitest";
import { jobsThatFit } from "#jobs/stream-subjects.ts";
import type { JobFacts } from "#jobs/tail-repository.ts";

/** The fields that decide where a job belongs. */
const facts: Partial<JobFacts> = {
  id: "5f0c",
  event_id: "5f0c",
  kind: "walk",
  function_id: "walk",
  requester: "user:ann",
  owner: "ann",
  idempotency_key: null,
  parent_job_id: null,
  status: "running",
  created_at: "2026-11-10T12:00:00Z",
};
const job = facts as JobFacts;
const live = { snapshot: () => Promise.reject(new Error("not asked")) };

test("a stream's search looks at the subject of a changed job, in any case of letters", () => {
  const { place } = jobsThatFit({ search: "valley OF" }, live);
  const placed = (subject: string | null) => place({ ...job, subject }, undefined);
  expect(["through the Valley of roses", "through the mud", null].map(placed)).toEqual([
    "in",
    "gone",
    "gone",
  ]);
});

test("the progress of a job is sent whatever the search says, because it comes without the job's subject", () => {
  const { place } = jobsThatFit({ search: "valley OF", kind: "walk" }, live);
  expect(place(job, undefined)).toBe("in");
  expect(place({ ...job, kind: "run" }, undefined)).toBe("out");
});
