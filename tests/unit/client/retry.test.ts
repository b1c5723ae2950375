import { describe, expect, test } from "vitest";
import { createClient } from "#client/index.ts";
import { backoffMs } from "#client/retry.ts";

/** A server that gives these answers one after the other, and then accepts; records what the client did. */
function fakes(...answers: (Response | Error)[]) {
  const waits: number[] = [];
  const keys: (string | null)[] = [];
  const client = createClient(
    {
      baseUrl: "http://site",
      key: () => "ns_key",
      async fetch(input, init) {
        keys.push(new Request(input, init).headers.get("idempotency-key"));
        const answer = answers.shift() ?? Response.json({ message: "Queued", jobId: "j", statusUrl: "/" });
        if (answer instanceof Error) throw answer;
        return answer;
      },
    },
    { sleep: async (ms) => void waits.push(ms), random: () => 0.5 },
  );
  return {
    waits,
    keys,
    submit: (signal?: AbortSignal) => client.submit("/api/things", {}, signal ? { signal } : {}),
  };
}
const busy = (headers: HeadersInit = {}) => new Response("", { status: 503, headers });

describe("S3-15: the client's retries", () => {
  test("wait 1, 2, 4, 8 and 16 s, at most 30 s, plus up to one random second", () => {
    expect([0, 1, 2, 3, 4, 9].map((retry) => backoffMs(retry, 0))).toEqual([
      1000, 2000, 4000, 8000, 16000, 30000,
    ]);
    expect(backoffMs(0, 0.999)).toBe(1999);
  });

  test("wait as long as Retry-After says, if it is set", async () => {
    const { waits, submit } = fakes(busy({ "retry-after": "30" }), busy());
    expect((await submit()).jobId).toBe("j");
    expect(waits).toEqual([30_000, 2500]);
  });

  test("are not made when Retry-After is longer than an hour: the refusal is thrown at once", async () => {
    const { waits, submit } = fakes(busy({ "retry-after": "3601" }));
    await expect(submit()).rejects.toMatchObject({ status: 503, retryAfterMs: 3_601_000 });
    expect(waits).toEqual([]);
  });

  test("also follow a network error, and always use the key of the first request", async () => {
    const { keys, submit } = fakes(new TypeError("fetch failed"), busy());
    await submit();
    expect(keys[0]).toMatch(/^[\w-]{36}$/);
    expect(keys).toEqual([keys[0], keys[0], keys[0]]);
  });

  test("end after five, and the last refusal is thrown", async () => {
    const { waits, submit } = fakes(...Array.from({ length: 9 }, () => busy()));
    await expect(submit()).rejects.toMatchObject({ name: "Problem", status: 503 });
    expect(waits).toHaveLength(5);
  });

  test("do not follow other refusals, which are thrown with the API's message and hint", async () => {
    const refusal = Response.json(
      { code: "invalid_request", detail: "No prompt", hint: "Send one" },
      { status: 400 },
    );
    const { waits, submit } = fakes(refusal);
    await expect(submit()).rejects.toMatchObject({
      status: 400,
      code: "invalid_request",
      detail: "No prompt",
      hint: "Send one",
    });
    expect(waits).toEqual([]);
  });

  test("stop when the caller aborts", async () => {
    const { keys, submit } = fakes(busy(), busy());
    await expect(submit(AbortSignal.abort())).rejects.toThrow(/abort/);
    expect(keys.length).toBeLessThan(2);
  });
});
