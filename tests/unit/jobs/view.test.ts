import { expect, test } from "vitest";
import { JOB_STATUSES, type JobDetails } from "#jobs/rows.ts";
import { toJobDetailsView, toProgress } from "#jobs/view.ts";

const detailsWith = (error: { code?: string; message: string }) =>
  ({
    job: { id: "j", error, blocked: { ...error, since: "", deadLetterId: "l", parts: 1 } },
    runs: [{ run_id: "r", error }],
    events: [{ sequence: 1, type: "failed", at: "", data: error }],
  }) as unknown as JobDetails;

test("the message of an internal error is not shown to the job's owner, in any field", () => {
  const view = toJobDetailsView(detailsWith({ code: "internal", message: "duplicate key value" }));
  expect(JSON.stringify(view)).not.toContain("duplicate");
  expect(view.blocked?.message).toBe("Something went wrong on our side");
  expect([view.error, view.runs[0]?.error, view.timeline[0]?.data]).toEqual(
    Array.from({ length: 3 }, () => ({ code: "internal", message: "Something went wrong on our side" })),
  );
});

test.each([{ code: "invalid_recipient", message: "no such address" }, { message: "The app's own words" }])(
  "the error %j is shown unchanged",
  (error) => {
    const view = toJobDetailsView(detailsWith(error));
    expect([view.error, view.runs[0]?.error, view.timeline[0]?.data]).toEqual([error, error, error]);
  },
);

test.each(JOB_STATUSES)("an empty job that is %s counts as done only if it is completed", (status) => {
  const percent = status === "completed" ? 100 : 0;
  const progress = toProgress({ status, progress_done: 0, progress_total: 0 });
  expect(progress).toEqual({ done: 0, total: 0, percent });
});
