import { z } from "zod";
import { mailText } from "#mail/compose.ts";

/** The name is left out, because a stranger could write any text into it. */
export const welcome = mailText({
  fields: z.object({}),
  subject: "Welcome!",
  paragraphs: [
    "Welcome! Your account is ready.",
    "You get this mail once, because you signed up with this address.",
  ],
});

/** The weekly digest. At least one of its three numbers is above zero. */
export const weeklyDigest = mailText({
  fields: z.object({ unread: z.number(), completed: z.number(), failed: z.number() }),
  subject: "Your week",
  paragraphs: [
    "{% if unread > 0 %}You have {{ unread }} unread notifications of the last seven days.{% endif %}",
    "{% if completed > 0 %}Completed jobs: {{ completed }}.{% endif %}",
    "{% if failed > 0 %}Failed jobs: {{ failed }}.{% endif %}",
    "You get this mail on Mondays when there is something to tell. You can turn it off in your settings.",
  ],
});

export const completeProfileReminder = mailText({
  fields: z.object({}),
  subject: "Complete your profile",
  paragraphs: [
    "You signed up yesterday, and your profile has no name yet. Others see the name beside your work.",
    "You get this mail once.",
  ],
});
