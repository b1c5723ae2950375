import { expect, test } from "vitest";
import { userRoutes } from "#users/routes.ts";

const [ADA, BOB] = ["3f0c8f0e-6f4a-4b9e-9d3e-1f2a3b4c5d6e", "8d1b3c5a-2f47-4c60-9a8b-7e6d5c4b3a21"];
const profile = { id: ADA, name: "Ada", revision: 1, updated_at: "2026-11-01T09:00:00+00:00" };
const routes = userRoutes({ users: { get: async () => profile, change: async () => profile } });

test.each(["GET", "PATCH"])(
  "%s: a user can open only their own profile, an application can open every profile",
  async (method) => {
    const ask = async (role: "user" | "app", owner: string) => {
      const requester = { id: `user:${owner}`, role, owner };
      const request = new Request("http://x");
      const input = { params: { id: ADA }, query: undefined, body: { name: "Ada" }, requester, request };
      const found = routes.find((route) => route.method === method);
      return found?.handle({ ...input, idempotencyKey: undefined }).then(
        () => "opened",
        (error: unknown) => (error instanceof Error ? error.message : "no error"),
      );
    };
    expect(await ask("user", ADA)).toBe("opened");
    expect(await ask("user", BOB)).toBe("User not found");
    expect(await ask("app", BOB)).toBe("opened");
  },
);
