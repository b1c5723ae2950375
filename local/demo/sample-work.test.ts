import { expect, test } from "vitest";
import { loadSampleWork } from "./sample-work.ts";

test("a request that gets 503 is repeated with its Idempotency-Key", async () => {
  const posts: { path: string; key: string | null }[] = [];
  const site = {
    fetch: async ({ method, url, headers }: Request) => {
      if (method === "GET") return Response.json({ items: [] });
      posts.push({ path: new URL(url).pathname, key: headers.get("idempotency-key") });
      return posts.length === 1
        ? Response.json({}, { status: 503 })
        : Response.json({ id: "1" }, { status: 201 });
    },
  };
  const request = new Request("http://site.local/local-stack/sample-work", { method: "POST" });
  expect((await loadSampleWork(site, request)).status).toBe(201);
  const [first, second, third] = posts;
  expect(second).toEqual(first);
  expect(third).toMatchObject({
    path: "/api/lists/1/subscribers",
    key: expect.not.stringMatching(`^${first?.key}$`),
  });
});
