import { expectTypeOf, test } from "vitest";
import type { z } from "zod";
import type { Accepted, Answers, ImageTask, JobDetails, JobView } from "#client/types.ts";
import type { taskView } from "#images/task.ts";
import type { acceptedView, jobDetailsView, jobView } from "#jobs/view.ts";

test("the client's types equal those of the API's schemas", () => {
  expectTypeOf<JobView>().toEqualTypeOf<z.output<typeof jobView>>();
  expectTypeOf<JobDetails>().branded.toEqualTypeOf<z.output<typeof jobDetailsView>>();
  expectTypeOf<ImageTask>().toEqualTypeOf<z.output<typeof taskView>>();
  expectTypeOf<Accepted>().toEqualTypeOf<z.output<typeof acceptedView>>();
  expectTypeOf<Answers["/api/queue-task"]["task"]>().toEqualTypeOf<z.output<typeof taskView>>();
});
