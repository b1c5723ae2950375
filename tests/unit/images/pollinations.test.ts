import { describe, expect, test } from "vitest";
import { pollinations } from "#images/pollinations.ts";
import { codeOf } from "#lib/errors.ts";

const JPEG = new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]);
const order = { taskId: "t1", prompt: "a cat", seed: 5, width: 512, height: 256 };

type Options = { timeoutMs?: number; key?: string; onHeaders?: (headers: Headers) => Promise<void> };
/** The adapter with a service that answers like this, and the requests that it made. */
function before(answer: (request: Request) => Response | Promise<Response>, options: Options = {}) {
  const requests: Request[] = [];
  const provider = pollinations({
    env: {
      IMAGES_BASE_URL: "https://images.example/api/",
      IMAGES_API_KEY: options.key,
      IMAGES_TIMEOUT_MS: options.timeoutMs ?? 45_000,
    },
    fetch: async (input, init) => {
      const request = new Request(input, init);
      requests.push(request);
      return answer(request);
    },
    clock: { now: () => new Date("2026-01-01T00:00:00Z") },
    ...(options.onHeaders && { onHeaders: options.onHeaders }),
  });
  const draw = (prompt = order.prompt, leftMs?: number) => provider.draw({ ...order, prompt }, leftMs);
  return { requests, draw };
}
const failing = (answer: (request: Request) => Response | Promise<Response>, options?: Options) =>
  before(answer, options)
    .draw()
    .catch((error: unknown) => error);

/** Never answers; ends when the caller aborts. */
const aborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    const give = () => reject(signal.reason);
    if (signal.aborted) give();
    else signal.addEventListener("abort", give);
  });

describe("S1-8: the free image API of the documents", () => {
  test("gets one request per picture, without a key, and with private=true", async () => {
    const { requests, draw } = before(() => new Response(JPEG));
    expect(await draw()).toEqual({ bytes: JPEG, contentType: "image/jpeg" });
    const [request] = requests;
    expect(request?.url).toBe(
      "https://images.example/api/prompt/a%20cat?width=512&height=256&seed=5&nologo=true&private=true",
    );
    expect(request?.headers.get("authorization")).toBeNull();
    expect(request?.redirect).toBe("manual");
  });

  test("gets requests with a key at the address that takes keys", async () => {
    const { requests, draw } = before(() => new Response(JPEG), { key: "sk_1" });
    await draw();
    expect(requests[0]?.url).toContain("/api/image/a%20cat?");
    expect(requests[0]?.headers.get("authorization")).toBe("Bearer sk_1");
  });

  test.each(["..", ".", "../../admin", "a/b?c#d", "100 %", "日本 🌸", "%2e%2e"])(
    "gets any prompt as one segment of the path: %s",
    async (prompt) => {
      const { requests, draw } = before(() => new Response(JPEG));
      await draw(prompt);
      const [, name = ""] = /^\/api\/prompt\/([^/]+)$/.exec(new URL(requests[0]?.url ?? "").pathname) ?? [];
      expect(decodeURIComponent(name).trim()).toBe(prompt);
    },
  );

  test("has its rate limit headers read before the answer is judged, even of refusals", async () => {
    const heard: string[] = [];
    const onHeaders = async (headers: Headers) => void heard.push(headers.get("x-ratelimit-remaining") ?? "");
    const answers = [new Response(JPEG, { headers: { "x-ratelimit-remaining": "4" } })];
    const { draw } = before(
      () => answers.pop() ?? new Response("", { status: 429, headers: { "x-ratelimit-remaining": "0" } }),
      { onHeaders },
    );
    await draw();
    await draw().catch(() => undefined);
    expect(heard).toEqual(["4", "0"]);
  });
});

describe("S1-5: the meaning of the image API's answers", () => {
  test.each([
    [400, "provider_rejected"],
    [401, "provider_unauthorized"],
    [402, "provider_rate_limited"],
    [403, "provider_unauthorized"],
    [404, "provider_rejected"],
    [429, "provider_rate_limited"],
    [500, "provider_unavailable"],
    [502, "provider_unavailable"],
    [503, "provider_unavailable"],
    [504, "provider_timeout"],
  ])("the error code of a %i", async (status, code) => {
    expect(await failing(() => new Response("{}", { status }))).toMatchObject({ code });
  });

  test("Retry-After of a 402 or 429 is kept", async () => {
    for (const status of [402, 429]) {
      expect(
        await failing(() => new Response("", { status, headers: { "retry-after": "7" } })),
      ).toMatchObject({ retryAfterMs: 7000 });
    }
  });

  test("a redirect is not followed", async () => {
    const { requests, draw } = before(() => Response.redirect("http://169.254.169.254/", 302));
    await expect(draw()).rejects.toMatchObject({ code: "provider_rejected" });
    expect(requests).toHaveLength(1);
  });

  test("a 200 with a page instead of a picture is a transient error", async () => {
    expect(
      await failing(() => new Response("<html>", { headers: { "content-type": "image/png" } })),
    ).toMatchObject({
      code: "provider_unavailable",
    });
  });

  test("no answer or half of one in time is a timeout, and no connection is an outage", async () => {
    const hangs = (request: Request) => aborted(request.signal);
    const stalls = (request: Request) =>
      new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(JPEG),
          pull: () => aborted(request.signal),
        }),
      );
    expect(codeOf(await failing(hangs, { timeoutMs: 20 }))).toBe("provider_timeout");
    expect(codeOf(await failing(stalls, { timeoutMs: 20 }))).toBe("provider_timeout");
    expect(codeOf(await failing(() => Promise.reject(new TypeError("fetch failed"))))).toBe(
      "provider_unavailable",
    );
  });

  test("S4-53: a call is aborted at the task's deadline", async () => {
    let hungUp: AbortSignal | undefined;
    const { draw } = before((request) => {
      hungUp = request.signal;
      return aborted(request.signal);
    });
    await expect(draw("a cat", 20)).rejects.toMatchObject({ code: "deadline_passed" });
    expect(hungUp?.aborted).toBe(true);
    const month = 31 * 24 * 60 * 60_000;
    const late = before((request) => aborted(request.signal), { timeoutMs: 20 }).draw("a cat", month);
    await expect(late).rejects.toMatchObject({ code: "provider_timeout" });
  });
});
