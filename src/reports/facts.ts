import { z } from "zod";
import { fact } from "#lib/fact.ts";

export const reportFacts = [
  fact({
    type: "report.ready",
    summary: "A report was generated and can be downloaded until it expires.",
    schema: z.object({
      reportId: z.uuid(),
      type: z.string(),
      format: z.enum(["pdf", "csv"]),
      startsAt: z.string(),
      endsAt: z.string(),
      rows: z.int(),
      bytes: z.int(),
      expiresAt: z.string(),
    }),
    example: {
      reportId: "3f0c8f0e-6f4a-4b9e-9d3e-1f2a3b4c5d6e",
      type: "analytics",
      format: "pdf",
      startsAt: "2026-10-01T00:00:00+00:00",
      endsAt: "2026-11-01T00:00:00+00:00",
      rows: 1200,
      bytes: 48_213,
      expiresAt: "2026-11-08T09:00:00+00:00",
    },
  }),
];
