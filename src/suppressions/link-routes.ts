import { z } from "zod";
import { text } from "#lib/http/fields.ts";
import { type Route, route } from "#lib/http/route.ts";
import type { UnsubscribeLinks } from "#mail/unsubscribe-links.ts";
import { invalidLinkPage, preferencesPage } from "#suppressions/link-pages.ts";
import { ACTIONS, type SuppressionRepository } from "#suppressions/repository.ts";

type Dependencies = {
  suppressions: Pick<SuppressionRepository, "preferences" | "changePreferences">;
  links: Pick<UnsubscribeLinks, "open">;
};

const page = {
  path: "/l/:token",
  policy: "signature",
  params: z.object({ token: text(200) }),
  answers: ["text/html"],
  responses: { 200: z.string(), 404: z.string() },
} as const;

const action = z.enum(ACTIONS);

/**
 * The links to unsubscribe, by RFC 8058: mail providers send the POST without showing the page. A GET changes nothing,
 * because scanners open every link of a mail.
 */
export const linkRoutes = ({ suppressions, links }: Dependencies): Route[] => [
  route({
    ...page,
    method: "GET",
    summary: "A person's subscription, behind the signed link of a mail; changes nothing",
    handler: async ({ params }) => {
      const subscription = links.open(params.token);
      if (subscription === undefined) return invalidLinkPage();
      return preferencesPage(await suppressions.preferences(subscription));
    },
  }),
  route({
    ...page,
    method: "POST",
    summary:
      "Unsubscribe (also with one click, RFC 8058), unsubscribe from all broadcasts, or subscribe again",
    body: z.record(text(100), text(1000)).optional(),
    bodyKinds: ["form"],
    maxBodyBytes: 10_000,
    handler: async ({ params, body = {} }) => {
      const subscription = links.open(params.token);
      if (subscription === undefined) return invalidLinkPage();
      // When a form contains no known action, the unsubscribe button of a mail provider sent it.
      const wanted = action.safeParse(body["action"]).data ?? "unsubscribe";
      return preferencesPage(await suppressions.changePreferences(subscription, wanted));
    },
  }),
];
