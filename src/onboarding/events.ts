import { eventType } from "inngest";
import { z } from "zod";

/**
 * Fact: a user has signed up, and their address is confirmed. The address is only in the database, because events are
 * stored in clear text.
 */
export const userSignedUp = eventType("user/signup", { schema: z.object({ userId: z.uuid() }) });

/** Command: remind the user of their profile if it is still incomplete. The event is due a day after the sign-up. */
export const profileReminderDue = eventType("user/remind-of-profile", {
  schema: z.object({ userId: z.uuid() }),
});
