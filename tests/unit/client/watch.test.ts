import { describe, expect, test, vi } from "vitest";
import { createClient, type Job, type LiveState } from "#client/index.ts";

const job = (id: string, revision: number, status = "running") => ({ id, revision, status, createdAt: "" });
const text = (event: string, data: unknown, id: string) =>
  `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
const headers = { "content-type": "text/event-stream" };
/** A stream that sends this and ends by itself. */
const stream = (...messages: string[]) => new Response(messages.join(""), { headers });
const poll = (...messages: unknown[]) => Response.json({ messages });
const refused = (status: number, more: HeadersInit = {}) =>
  Response.json({ code: "no" }, { status, headers: more });
const lost = () => new TypeError("fetch failed");

/** Like a real fetch: aborting the request also ends its body. */
const abortable = ({ body, status, headers }: Response, signal: AbortSignal) =>
  new Response(body?.pipeThrough(new TransformStream(), { signal }) ?? null, { status, headers });

type Answer = Response | Error | (() => Response);

/** A site that gives these answers, one per request; after the last one the watcher stops. */
function site(...answers: Answer[]) {
  const stop = new AbortController();
  const asked: string[] = [];
  const waits: number[] = [];
  const statuses: string[] = [];
  let state: LiveState | undefined;
  const client = createClient(
    {
      baseUrl: "http://site",
      key: () => "ns_key",
      async fetch(input, init) {
        const request = new Request(input, init);
        const { pathname, searchParams } = new URL(request.url);
        const how = request.headers.get("accept") === "text/event-stream" ? "stream" : "poll";
        asked.push(`${how} ${pathname} ${searchParams.get("after") ?? "-"}`);
        const answer = answers.shift();
        if (answer === undefined) {
          stop.abort();
          return refused(404);
        }
        if (answer instanceof Error) throw answer;
        return abortable(answer instanceof Response ? answer : answer(), request.signal);
      },
    },
    { sleep: async (ms) => void waits.push(ms), random: () => 0.5 },
  );
  const watch = (filter: Record<string, string> = {}) =>
    client.watch({
      filter,
      signal: stop.signal,
      onStatus: (status) => statuses.push(status),
      onChange: (next) => {
        state = next;
      },
    });
  return { client, watch, asked, waits, statuses, jobs: () => [...(state?.jobs.values() ?? [])] };
}

describe("watch", () => {
  test("reconnects after a short random wait, from the last id, when a stream ends", async () => {
    const { watch, asked, waits, statuses, jobs } = site(
      stream(text("snapshot", { jobs: [job("a", 1)] }, "1:1:")),
      stream("id: 2:2:\n\n", text("job", job("a", 2), "3:3:"), 'event: job\ndata: {"id":"cut'),
      stream(text("job", job("b", 1), "4:4:")),
    );
    await watch();
    expect(asked).toEqual(["-", "1:1:", "3:3:", "4:4:"].map((after) => `stream /api/jobs/stream ${after}`));
    expect(waits).toEqual([150, 150, 150]);
    expect(statuses).toEqual(["live"]);
    expect(jobs()).toEqual([job("a", 2), job("b", 1)]);
  });

  test("S4-65: polls every 2000 ms when no stream gets through, with the same result, and tries the stream again at growing intervals", async () => {
    const proxy = () => new Response("<p>A proxy</p>", { headers: { "content-type": "text/html" } });
    const change = (n: number) => poll({ event: "job", data: job("a", n), id: `${n}:${n}:` });
    const { watch, asked, waits, statuses, jobs } = site(
      proxy(),
      poll({ event: "snapshot", data: { jobs: [job("a", 1)] }, id: "1:1:" }),
      proxy(),
      ...[2, 3].map(change),
      proxy(),
      ...[4, 5, 6, 7].map(change),
      stream(text("job", job("a", 99), "99:99:")),
    );
    await watch();
    expect(waits.slice(0, 7)).toEqual(Array.from({ length: 7 }, () => 2000));
    const kinds = "stream poll, stream poll poll, stream poll poll poll poll, stream stream";
    expect(asked.map((line) => line.split(" ")[0]).join(" ")).toBe(kinds.replaceAll(",", ""));
    expect(asked[9]).toBe("poll /api/jobs/stream 6:6:");
    expect(statuses).toEqual(["polling", "live"]);
    expect(jobs()).toEqual([job("a", 99)]);
  });

  test("reports that it is offline, waits longer each time, and catches up later", async () => {
    const { watch, asked, waits, statuses, jobs } = site(
      stream(text("snapshot", { jobs: [job("a", 1)] }, "1:1:")),
      lost(),
      lost(),
      lost(),
      refused(503, { "retry-after": "7" }),
      lost(),
      refused(503, { "retry-after": "2592000" }),
      stream(text("job", job("a", 2), "2:2:")),
    );
    await watch();
    expect(waits).toEqual([150, 1500, 7000, 3_600_000, 150]);
    expect(asked.at(5)).toBe("stream /api/jobs/stream 1:1:");
    expect(statuses).toEqual(["live", "offline", "live"]);
    expect(jobs()).toEqual([job("a", 2)]);
  });

  test("polls when too many streams are open", async () => {
    const { watch, asked, statuses } = site(
      refused(429),
      poll({ event: "position", data: null, id: "1:1:" }),
    );
    await watch({ status: "running" });
    expect(asked.slice(0, 2)).toEqual(["stream /api/jobs/stream -", "poll /api/jobs/stream -"]);
    expect(statuses).toEqual(["polling"]);
  });

  test("treats a page from another server as no answer, and keeps trying", async () => {
    const login = () =>
      new Response("<p>Your room number?</p>", { headers: { "content-type": "text/html" } });
    const { watch, statuses, jobs } = site(
      login,
      login,
      stream(text("snapshot", { jobs: [job("a", 1)] }, "1:1:")),
    );
    await watch();
    expect(statuses).toEqual(["offline", "live"]);
    expect(jobs()).toEqual([job("a", 1)]);
  });

  test("passes an error of the listener on to its caller", async () => {
    const { client, asked } = site(stream(text("snapshot", { jobs: [job("a", 1)] }, "1:1:")));
    const watching = client.watch({
      signal: new AbortController().signal,
      onChange: () => {
        throw new RangeError("a mistake of the listener");
      },
    });
    await expect(watching).rejects.toThrow("a mistake of the listener");
    expect(asked).toHaveLength(1);
  });

  test.each([400, 401, 403, 404])("does not retry a %i", async (status) => {
    const { watch, asked } = site(refused(status));
    await expect(watch()).rejects.toMatchObject({ name: "Problem", status });
    expect(asked).toHaveLength(1);
  });

  test("gives up a stream that sends nothing at all, or nothing more", async () => {
    vi.useFakeTimers();
    try {
      let said = (_text: string) => {};
      const body = new ReadableStream<string>({
        start(controller) {
          said = (words) => controller.enqueue(words);
        },
      });
      const { watch, asked } = site(
        () => new Response(new ReadableStream(), { headers }),
        poll({ event: "position", data: null, id: "1:1:" }),
        () => new Response(body.pipeThrough(new TextEncoderStream()), { headers }),
      );
      const watching = watch();
      await vi.advanceTimersByTimeAsync(4999);
      expect(asked).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(1);
      expect(asked).toHaveLength(3);
      said(": a word\n\n");
      await vi.advanceTimersByTimeAsync(9999);
      expect(asked).toHaveLength(3);
      await vi.advanceTimersByTimeAsync(1);
      await watching;
      expect(asked.at(-1)).toBe("stream /api/jobs/stream 1:1:");
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("follow", () => {
  test.each(["completed", "failed", "canceled", "skipped"])(
    "S4-65: reports every change until the job is %s",
    async (end) => {
      const { client, asked } = site(
        stream(text("snapshot", { jobs: [job("a", 1, "queued")] }, "1:1:")),
        stream(text("job", job("a", 2), "2:2:")),
        stream(text("job", job("a", 3, end), "3:3:")),
      );
      const told: Job["status"][] = [];
      const last = await client.follow("a", { onChange: ({ status }) => told.push(status) });
      expect(last.status).toBe(end);
      expect(told).toEqual(["queued", "running", end]);
      expect(asked).toHaveLength(3);
      expect(asked[0]).toBe("stream /api/jobs/a/stream -");
    },
  );

  test("throws a Problem for a job of another owner", async () => {
    await expect(site(refused(404)).client.follow("a")).rejects.toMatchObject({ status: 404 });
  });

  test("ends when the caller aborts", async () => {
    const { client } = site(() => new Response(new ReadableStream(), { headers }));
    const signal = AbortSignal.timeout(20);
    await expect(client.follow("a", { signal })).rejects.toThrow("timeout");
  });
});
