import { z } from "zod";
import { mailText } from "#mail/compose.ts";

/** A mail about an alert of the monitor. */
export const alert = mailText({
  fields: z.object({
    what: z.enum(["opened", "reminded", "resolved"]),
    rule: z.string(),
    subject: z.string(),
    value: z.number(),
    threshold: z.number(),
    query: z.string(),
    offenders: z.string(),
  }),
  subject:
    "{% if what == 'resolved' %}Resolved{% elsif what == 'reminded' %}Still{% else %}Alert{% endif %}: {{ rule }} {{ subject }}",
  paragraphs: [
    "The monitor read {{ value | round: 2 }}; the limit is {{ threshold }}.",
    "The first rows behind it: {{ offenders }}",
    "The query: {{ query }}",
    "What to do: docs/runbooks/{{ rule }}.md",
  ],
});
