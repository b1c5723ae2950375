import { eventType } from "inngest";
import { z } from "zod";

/** Command: send this mail, a row of `mails`. It is made by `private.send_mail`. */
export const sendMailRequested = eventType("mail/send", {
  schema: z.object({ mailId: z.uuid(), template: z.string().max(100) }),
});
