import { expect, test } from "vitest";
import { erasePerson } from "#erasures/erase-person.ts";
import { workshop } from "../support/workshop.ts";

test("an erasure that has waited two weeks for a campaign fails, its receipt says so, and its reprocess completes it", async () => {
  let state: "waiting" | "done" = "waiting";
  const erasures = {
    erasePiece: async () => state,
    get: async () => ({
      id: "",
      status: "erasing" as const,
      counts: { email_subscribers: 1 },
      created_at: "",
      completed_at: null,
    }),
  };
  const shop = await workshop({ functions: (platform) => [erasePerson({ ...platform, erasures })] });
  const { body } = await shop.call("POST", "/api/erasures", { email: "ada@example.com" });
  const receipt = async () => (await shop.call("GET", body.erasureUrl)).body.status;
  expect(await receipt()).toBe("erasing");
  const askedAt = shop.engine.clock.now().getTime();
  await shop.engine.run(body.jobId, "erase-person", { within: "15d" });
  await shop.engine.idle();
  const days = (shop.engine.clock.now().getTime() - askedAt) / (24 * 60 * 60_000);
  expect(days).toBeGreaterThan(13.9);
  expect((await shop.call("GET", `/api/jobs/${body.jobId}`)).body).toMatchObject({
    status: "failed",
    error: { code: "conflict" },
  });
  expect(await receipt()).toBe("failed");

  const [letter] = await shop.rows("select id from dead_letter_queue where event_id = $1", [body.jobId]);
  const again = await shop.call("POST", `/api/dead-letters/${letter.id}/reprocess`);
  expect(await receipt()).toBe("erasing");
  state = "done";
  await shop.engine.run(again.body.jobId);
  expect((await shop.call("GET", `/api/jobs/${again.body.jobId}`)).body).toMatchObject({
    status: "completed",
    result: { counts: { email_subscribers: 1 } },
  });
  await shop.close();
});
