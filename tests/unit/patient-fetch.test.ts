import { describe, expect, test } from "vitest";
import { backoffMs, patientFetch } from "../../examples/patient-fetch.ts";

const fakes = (...answers: Response[]) => {
  const waits: number[] = [];
  const fetch = async () => answers.shift() ?? new Response("done");
  const sleep = async (ms: number) => void waits.push(ms);
  return { waits, options: { fetch, sleep, random: () => 0.5 } };
};
const busy = (headers: HeadersInit = {}) => new Response("", { status: 503, headers });

describe("S3-15: a caller comes back politely", () => {
  test("after 1, 2, 4, 8, 16 s, never more than 30, with up to a second of chance", () => {
    expect([0, 1, 2, 3, 4, 9].map((retry) => backoffMs(retry, 0))).toEqual([
      1000, 2000, 4000, 8000, 16000, 30000,
    ]);
    expect(backoffMs(0, 0.999)).toBe(1999);
  });

  test("as long as Retry-After says, when it says", async () => {
    const { waits, options } = fakes(busy({ "retry-after": "30" }), busy());
    expect((await patientFetch("http://site", {}, options)).status).toBe(200);
    expect(waits).toEqual([30_000, 2500]);
  });

  test("five times, then the answer is what it is", async () => {
    const { waits, options } = fakes(...Array.from({ length: 9 }, () => busy()));
    expect((await patientFetch("http://site", {}, options)).status).toBe(503);
    expect(waits).toHaveLength(5);
  });

  test("and not at all for other refusals", async () => {
    const { waits, options } = fakes(new Response("", { status: 404 }));
    expect((await patientFetch("http://site", {}, options)).status).toBe(404);
    expect(waits).toEqual([]);
  });
});
