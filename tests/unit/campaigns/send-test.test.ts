import { expect, test, vi } from "vitest";
import { createSendTest } from "#campaigns/send-test.ts";
import { readEnv } from "#lib/env.ts";

test("a test mail above the limit is refused before the audience is read, which takes a second for a large list", async () => {
  const audience = vi.fn();
  const sendTest = createSendTest({
    campaigns: { get: vi.fn() },
    previews: { audience, sendTest: vi.fn() },
    tokens: { take: async () => ({ granted: false, waitMs: 1_000, pausedMs: 0 }) },
    links: { signer: vi.fn() },
    env: readEnv({ SUPABASE_URL: "http://db.local", SUPABASE_SECRET_KEY: "sb_secret_test" }),
  });
  const requester = { id: "key:a", role: "app", owner: "alice" } as const;
  await expect(sendTest("id", requester, "a@example.com")).rejects.toMatchObject({
    code: "too_many_requests",
  });
  expect(audience).not.toHaveBeenCalled();
});
