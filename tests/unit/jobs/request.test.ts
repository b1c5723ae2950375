import { eventType } from "inngest";
import { expect, test } from "vitest";
import { z } from "zod";
import { type JobOptions, request } from "#jobs/request.ts";
import type { Requester } from "#lib/http/route.ts";

const walkRequested = eventType("test/walk", { schema: z.object({ steps: z.int() }) });
const ann: Requester = { id: "user:ann", role: "user", owner: "ann" };
const of = (requester: Requester, options: JobOptions = {}) =>
  request(walkRequested, { steps: 1 }, { requester, key: undefined, ...options });

test("a request has the data as the event's schema returns it, and invalid data is refused", () => {
  const data = { steps: 1, unknown: true };
  expect(request(walkRequested, data, { requester: ann, key: "k" })).toMatchObject({
    event: "test/walk",
    data: { steps: 1 },
    requester: "user:ann",
    owner: "ann",
    key: "k",
  });
  expect(() => request(walkRequested, { steps: 0.5 }, { requester: ann, key: undefined })).toThrow(
    expect.objectContaining({ code: "invalid_request" }),
  );
});

test("text that Postgres cannot store is replaced in the event's data", () => {
  const said = eventType("test/say", { schema: z.object({ text: z.string() }) });
  const { data } = request(said, { text: "a\0b\ud83d" }, { requester: ann, key: undefined });
  expect(data).toEqual({ text: "a\uFFFDb\uFFFD" });
});

test.each([
  ["a key of the site", { id: "key:abc", role: "app" }, 1],
  ["an administrator", { id: "user:abc", role: "admin" }, 1],
  ["a person, not above normal", { id: "user:abc", role: "app" }, 3],
] as const)("the highest priority that a requester may choose: %s", (_, requester, highest) => {
  const by = { ...requester, owner: "abc" };
  for (const priority of [1, 2, 3, 4, 5] as const) {
    if (priority >= highest) expect(of(by, { priority })).toMatchObject({ priority });
    else expect(() => of(by, { priority })).toThrow(expect.objectContaining({ code: "forbidden" }));
  }
  expect(of(by)).not.toHaveProperty("priority");
});
