import type { Imprint } from "#campaigns/imprint.ts";
import { createUnsubscribeLinks } from "#mail/unsubscribe-links.ts";

/** What an environment needs to send broadcasts. */
export const BROADCAST_ENV = {
  URL: "https://site.example",
  LINK_SECRET: "a secret of the tests and of nothing else",
  POSTAL_ADDRESS: "Nightshift, 1 Night Street, 10115 Berlin",
};

export const testLinks = createUnsubscribeLinks([BROADCAST_ENV.LINK_SECRET]);

export const testImprint: Imprint = {
  postalAddress: BROADCAST_ENV.POSTAL_ADDRESS,
  linkBase: `${BROADCAST_ENV.URL}/l/`,
  linkKeyId: testLinks.newestKeyId ?? "",
};
