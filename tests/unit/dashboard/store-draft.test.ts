import { afterEach, expect, it, vi } from "vitest";
import { api, Problem } from "#dashboard/api.ts";
import type { Campaign } from "#dashboard/types.ts";
import { draftOf } from "#dashboard/views/campaigns/composer/draft.ts";
import { settleUnanswered } from "#dashboard/views/campaigns/composer/store-draft.ts";

const draft = draftOf(undefined);
const unanswered = { ...draft, subject: "First" };

/** The result when the repeated request for a new campaign is refused with this status. */
const settleAfter = (status: number) => {
  vi.spyOn(api, "post").mockRejectedValue(new Problem({ status, code: "refused", detail: "Refused" }));
  return settleUnanswered({ campaign: undefined, draft, unanswered }, "key");
};
afterEach(() => void vi.restoreAllMocks());

it.each([400, 403, 404, 413, 422])(
  "after a %i, the next draft is sent instead of the refused one",
  async (status) => {
    expect(await settleAfter(status)).toEqual({ campaign: undefined, draft });
  },
);

it.each([0, 401, 408, 409, 429, 500, 503])(
  "after a %i, the same draft is sent again first",
  async (status) => {
    await expect(settleAfter(status)).rejects.toMatchObject({ status });
  },
);

const known = { id: "1", version: 1, name: "News", from: "ada@example.org" } as Campaign;
const sent = (from: string) => ({ ...draftOf(known), from });

/** The result when a draft with the sender `sender` was sent, and the API has the sender `stored` in version 2. */
const settleWithSender = (sender: string, stored: string) => {
  vi.spyOn(api, "get").mockResolvedValue({ ...known, version: 2, from: stored });
  return settleUnanswered({ campaign: known, draft: draftOf(known), unanswered: sent(sender) }, "key");
};

it.each([
  ["Bob@Example.ORG ", "Bob@example.org"],
  ['"Bob" <bob@bücher.example>', "Bob <bob@xn--bcher-kva.example>"],
  ["Bob, Head <bob@example.org>", '"Bob, Head" <bob@example.org>'],
])("a lost change of the sender to %s was stored as %s", async (sender, stored) => {
  const settled = await settleWithSender(sender, stored);
  expect(settled).toMatchObject({ campaign: { version: 2 }, draft: sent(sender) });
});

it("a lost change of the sender was not stored when another author has stored another sender", async () => {
  const settled = await settleWithSender("bob@example.org", "eve@example.org");
  // The next change conflicts with version 2, so that the author decides.
  expect(settled).toEqual({ campaign: known, draft: draftOf(known) });
});
