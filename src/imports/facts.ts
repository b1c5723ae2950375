import { z } from "zod";
import { fact } from "#lib/fact.ts";

const count = z.int();
const ended = z.object({
  importId: z.uuid(),
  target: z.string(),
  isDryRun: z.boolean(),
  inserted: count,
  updated: count,
  unchanged: count,
  skipped: count,
  rejected: count,
});
const example = {
  importId: "3f0c8f0e-6f4a-4b9e-9d3e-1f2a3b4c5d6e",
  target: "subscribers",
  isDryRun: false,
  inserted: 950,
  updated: 40,
  unchanged: 0,
  skipped: 0,
  rejected: 10,
};

export const importFacts = [
  fact({
    type: "import.completed",
    summary: "Every row of a file was written or rejected.",
    schema: ended,
    example,
  }),
  fact({
    type: "import.failed",
    summary: "An import has failed; the rows that it had written stay.",
    schema: ended,
    example: { ...example, inserted: 500, updated: 0, rejected: 3 },
  }),
];
