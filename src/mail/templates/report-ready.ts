import { z } from "zod";
import { mailText } from "#mail/compose.ts";

export const reportReady = mailText({
  fields: z.object({ downloadUrl: z.string() }),
  subject: "Your report is ready",
  paragraphs: [
    "Your report is ready. You find it under Reports for seven days.",
    "Its address in the API is {{ downloadUrl }}.",
  ],
});
