import { z } from "zod";
import { fact } from "#lib/fact.ts";

export const userFacts = [
  fact({
    type: "user.updated",
    summary: "A user's profile has changed.",
    schema: z.object({
      userId: z.uuid(),
      name: z.string(),
      /** Grows with every change: of two facts about a user, the one with the higher revision is newer. */
      revision: z.int(),
      updatedAt: z.string(),
    }),
    example: {
      userId: "3f0c8f0e-6f4a-4b9e-9d3e-1f2a3b4c5d6e",
      name: "Ada",
      revision: 2,
      updatedAt: "2026-11-01T09:00:00+00:00",
    },
  }),
];
