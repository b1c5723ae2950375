import { expect, test } from "vitest";
import { json } from "#supabase/http.ts";
import { serve } from "#supabase/server.ts";

test("an answer that cannot be sent ends its request, and the server answers the next one", async () => {
  const server = await serve(async ({ path }) => {
    return path === "/bad" ? { status: 200, headers: { "x-text": "3600 – public" } } : json(200, "good");
  }, 0);
  await expect(fetch(`${server.url}/bad`)).rejects.toThrow("fetch failed");
  expect(await (await fetch(`${server.url}/good`)).json()).toBe("good");
  await server.close();
});
