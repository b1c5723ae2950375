import { z } from "zod";
import { mailText } from "#mail/compose.ts";

const link = z.object({ url: z.string().min(1), code: z.string() });
/**
 * The code has its own paragraph, because in plain text a full stop directly after a code or link would be read as part
 * of it.
 */
const CODE = "{% if code != '' %}Or type this code: {{ code }}{% endif %}";
const EXPIRES = "The link works once, and for one hour.";
const IGNORE = "If you did not ask for this mail, you need not do anything.";

/** The mails of Supabase Auth. The values come from its Send Email hook. */
export const passwordReset = mailText({
  fields: link,
  subject: "Reset your password",
  paragraphs: ["You asked for a new password. Open this link to choose one.", CODE, `${EXPIRES} ${IGNORE}`],
  action: { label: "Choose a new password", url: "{{ url }}" },
});

export const confirmAddress = mailText({
  fields: link,
  subject: "Confirm your address",
  paragraphs: [
    "Confirm that this address is yours, and your account is ready.",
    CODE,
    `${EXPIRES} ${IGNORE}`,
  ],
  action: { label: "Confirm this address", url: "{{ url }}" },
});

export const confirmNewAddress = mailText({
  fields: link,
  subject: "Confirm the change of your address",
  paragraphs: [
    "You asked to use another address for your account. Confirm that, at each of the two addresses that gets this mail.",
    CODE,
    `${EXPIRES} If you did not ask for it, change your password.`,
  ],
  action: { label: "Confirm the change", url: "{{ url }}" },
});

export const invitation = mailText({
  fields: link,
  subject: "You are invited",
  paragraphs: ["You are invited to create an account.", CODE, `${EXPIRES} ${IGNORE}`],
  action: { label: "Accept the invitation", url: "{{ url }}" },
});

export const signInLink = mailText({
  fields: link,
  subject: "Your link to sign in",
  paragraphs: ["Open this link to sign in.", CODE, `${EXPIRES} ${IGNORE}`],
  action: { label: "Sign in", url: "{{ url }}" },
});

export const verificationCode = mailText({
  fields: z.object({ code: z.string().min(1) }),
  subject: "{{ code }} is your code",
  paragraphs: ["Type this code to confirm that it is you: {{ code }}", IGNORE],
});

const notice = (subject: string, what: string) =>
  mailText({
    fields: z.object({}),
    subject,
    paragraphs: [what, "If it was not you, reset your password at once."],
  });

export const passwordChanged = notice(
  "Your password was changed",
  "The password of your account was changed.",
);
export const addressChanged = notice("Your address was changed", "The address of your account was changed.");
export const accountChanged = notice(
  "Your account was changed",
  "How you sign in to your account was changed.",
);
