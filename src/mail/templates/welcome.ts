import { z } from "zod";
import { mailText } from "#mail/compose.ts";

/** Without the name, because a stranger could write any text into it. */
export const welcome = mailText({
  fields: z.object({}),
  subject: "Welcome!",
  paragraphs: [
    "Welcome! Your account is ready.",
    "You get this mail once, because you signed up with this address.",
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
