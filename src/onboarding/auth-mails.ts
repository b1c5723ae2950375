import { z } from "zod";
import { address } from "#lib/email-address.ts";
import { AppError } from "#lib/errors.ts";

const text = z.string().max(4000).default("");

const emptyOr = (schema: z.ZodType<string>) => z.union([z.literal(""), schema]);

/** What Supabase Auth sends to its Send Email hook. */
export const sendEmailHook = z.looseObject({
  user: z.looseObject({
    id: z.uuid(),
    /** Empty for an anonymous user and for one who signed up by phone. */
    email: emptyOr(address),
    new_email: emptyOr(address).optional(),
  }),
  email_data: z.looseObject({
    /** Six digits that a user can type instead of opening the link. */
    token: text,
    token_hash: text,
    token_new: text,
    token_hash_new: text,
    redirect_to: text,
    email_action_type: z.string().min(1).max(100),
  }),
});
type SendEmailHook = z.output<typeof sendEmailHook>;

/** One mail for `send_auth_mails`. */
export type AuthMail = {
  key: string;
  template: string;
  to: string;
  fields: { url: string; code: string };
  /** Whether the mail is dropped when its link has expired. */
  expires: boolean;
};

const WITH_LINK: Readonly<Record<string, string>> = {
  signup: "confirm-address",
  invite: "invitation",
  magiclink: "sign-in-link",
  recovery: "password-reset",
  email_change: "confirm-new-address",
};
const NOTICES: Readonly<Record<string, string>> = {
  password_changed_notification: "password-changed",
  email_changed_notification: "address-changed",
};

/**
 * The mails of one call. A change of the address is confirmed at both addresses. It is confirmed only at the new
 * address when the user had no address, or when Auth sends no second hash. Auth names the token of the old address
 * `token` and its hash `token_hash_new`, but those of the new address `token_new` and `token_hash`. Throws
 * `invalid_request` when the hook names no address.
 */
export function mailsOf({ user, email_data: data }: SendEmailHook, id: string, authUrl: string): AuthMail[] {
  const type = data.email_action_type;
  const one = (to: string, token: string, hash: string): AuthMail => ({
    key: `auth:${id}:${to === user.email ? "" : "new"}`,
    template: templateOf(type),
    to,
    fields: {
      url: hash === "" ? "" : linkTo(authUrl, { token: hash, type, redirect_to: data.redirect_to }),
      code: token,
    },
    expires: hash !== "" || token !== "",
  });
  const newAddress = type === "email_change" ? (user.new_email ?? "") : "";
  if (newAddress === "" && user.email === "")
    throw new AppError("invalid_request", "The hook names no address");
  if (newAddress === "") return [one(user.email, data.token, data.token_hash)];
  const atNew = one(newAddress, data.token_new || data.token, data.token_hash);
  const isOnlyAtNew = user.email === "" || data.token_hash_new === "";
  return isOnlyAtNew ? [atNew] : [one(user.email, data.token, data.token_hash_new), atNew];
}

const templateOf = (type: string): string =>
  WITH_LINK[type] ??
  (type === "reauthentication" ? "verification-code" : (NOTICES[type] ?? "account-changed"));

const linkTo = (authUrl: string, query: Record<string, string>): string =>
  `${authUrl}/verify?${new URLSearchParams(query)}`;
