import { eventType } from "inngest";
import { z } from "zod";

const schema = z.object({ mailId: z.uuid(), template: z.string().max(100) });

/** Command: send this mail, a row of `mails` that `private.send_mail` made. */
export const sendMailRequested = eventType("mail/send", { schema });

/** Command: send this mail, which is one of many similar mails, such as a digest. */
export const sendBulkMailRequested = eventType("mail/send-bulk", { schema });
