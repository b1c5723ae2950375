import { afterEach, expect, it, vi } from "vitest";
import { api, Problem } from "#dashboard/api.ts";
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
