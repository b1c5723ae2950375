import type { Source } from "#webhooks/source.ts";
import { github } from "#webhooks/sources/github.ts";
import { resend } from "#webhooks/sources/resend.ts";
import { stripe } from "#webhooks/sources/stripe.ts";

/** All senders of webhooks; the address of each is `/api/webhooks/<name>`. */
export const sources: readonly Source[] = [stripe, github, resend];
