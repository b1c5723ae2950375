import { expect, test } from "vitest";
import { browse, withChromium } from "./support/pages.ts";
import { eventually, sendCampaign, smallPieces } from "./support/seeds.ts";

/** Chromium's own message about requests without an answer. */
const lost = /net::ERR_/;

type Told = { type: string; data: Record<string, unknown> };

/**
 * Runs in the page: collects everything that a stream sends. A ticket opens it, because an EventSource cannot send a
 * key.
 */
async function listen({ key, path }: { key: string; path: string }): Promise<Told[]> {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const answer = await fetch("/api/tickets", { method: "POST", headers, body: JSON.stringify({ path }) });
  const { ticket } = await answer.json();
  const told: Told[] = [];
  const source = new EventSource(`${path}?ticket=${ticket}`);
  for (const type of ["snapshot", "job"]) {
    source.addEventListener(type, ({ data }) => told.push({ type, data: JSON.parse(data) }));
  }
  return told;
}

withChromium("the page and its network connection", () => {
  // Streams end by themselves during the tests.
  const pages = browse({ ...smallPieces, STREAM_SECONDS: "2" });

  test("while offline the page keeps what it shows and says so, and afterwards it catches up", async () => {
    await sendCampaign(pages.house, { name: "Before" });
    const page = await pages.open("/jobs", { expected: lost });
    const rows = page.getByRole("row").filter({ hasText: "campaign" });
    await rows.getByText("completed").waitFor();
    const filtered = page.waitForResponse(/\/api\/jobs\/stream\?.*status=completed/);
    await page.getByLabel("Status").selectOption("completed");
    await filtered;

    await page.context().setOffline(true);
    await page.getByRole("status").filter({ hasText: "Offline" }).waitFor();
    expect(await rows.count()).toBe(1);

    await sendCampaign(pages.house, { name: "Meanwhile" });
    await page.context().setOffline(false);
    await page.getByRole("status").filter({ hasText: "Live" }).waitFor();
    await expect.poll(() => rows.getByText("completed").count()).toBe(2);
    expect(await page.getByLabel("Status").inputValue()).toBe("completed");
  });

  test("broken streams during a job cause neither a duplicate nor an outdated row", async () => {
    await pages.house.steer("/_control/latency", { latencyMs: 400 });
    const page = await pages.open("/jobs", { expected: lost });
    const { jobId } = await sendCampaign(pages.house, { name: "Broken off", people: 60 });
    const row = page.getByRole("row").filter({ has: page.locator(`a[href="#/jobs/${jobId}"]`) });
    await row.waitFor();
    for (let cut = 0; cut < 4; cut += 1) {
      pages.house.cutConnections();
      await expect.poll(() => row.count()).toBe(1);
    }
    await row.getByText("completed").waitFor();
    expect(await row.count()).toBe(1);
    await page.getByRole("status").filter({ hasText: "Live" }).waitFor();
    await pages.house.steer("/_control/latency", { latencyMs: 0 });
  });

  test("a hidden tab makes no requests, and catches up when it is visible again", async () => {
    await pages.house.steer("/_control/latency", { latencyMs: 400 });
    const page = await pages.open("/jobs", { expected: lost, movesClock: true });
    await page.getByRole("status").filter({ hasText: "Live" }).waitFor();
    const look = (isHidden: boolean) =>
      page.evaluate((hidden) => {
        Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
        document.dispatchEvent(new Event("visibilitychange"));
      }, isHidden);

    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await look(true);
    await page.clock.fastForward(31_000);
    // A timer that was due may still make a request. The page has ended when a second passes without any.
    const since = () => asked.splice(0).length + pages.house.openStreams();
    await expect.poll(since, { interval: 1_000 }).toBe(0);
    // Clients that still follow reconnect at once.
    pages.house.cutConnections();
    const { jobId } = await sendCampaign(pages.house, { name: "Unseen" });
    const path = `/api/jobs/${jobId}`;
    await eventually("the campaign is sent", async () => {
      return (await pages.house.call("GET", path)).status === "completed";
    });
    expect(asked).toEqual([]);

    await look(false);
    await page.locator(`a[href="#/jobs/${jobId}"]`).waitFor();
    await page.getByRole("status").filter({ hasText: "Live" }).waitFor();
    await pages.house.steer("/_control/latency", { latencyMs: 0 });
  });

  test("S0-26: without streams the page polls every two seconds", async () => {
    const page = await pages.open("", { as: null, expected: lost });
    const asked: number[] = [];
    await page.route("**/api/jobs/stream**", async (route) => {
      if (route.request().headers()["accept"] !== "application/json") return route.abort();
      asked.push(performance.now());
      return route.continue();
    });
    await page.getByLabel("API key").fill(pages.house.keys.admin);
    await page.getByLabel("API key").press("Enter");
    await page.getByRole("link", { name: "Jobs", exact: true }).click();
    await page.getByRole("status").filter({ hasText: "Polling" }).waitFor();

    const { jobId } = await sendCampaign(pages.house, { name: "Asked for" });
    const row = page.getByRole("row").filter({ has: page.locator(`a[href="#/jobs/${jobId}"]`) });
    await row.getByText("completed").waitFor();
    await expect.poll(() => asked.length).toBeGreaterThanOrEqual(4);
    const pauses = asked.slice(1).map((at, n) => at - (asked[n] ?? 0));
    // Two seconds between an answer and the next request; a busy machine takes longer, but never much less.
    expect(Math.max(...pauses)).toBeGreaterThan(1_800);
  });

  test("a browser's own EventSource with a ticket reconnects and continues after its last event", async () => {
    const page = await pages.open("", { as: null });
    const draw = async (prompt: string) =>
      String((await pages.house.call("POST", "/api/tasks", { prompt })).id);
    let opened = 0;
    let missed = "";
    await page.route("**/api/jobs/stream?ticket=*", async (route) => {
      opened += 1;
      // Accepted after the first stream ended and before the second began.
      if (opened === 2) missed = await draw("in between");
      await route.continue();
    });
    const told = await page.evaluateHandle(listen, { key: pages.house.keys.admin, path: "/api/jobs/stream" });
    const events = () => told.evaluate((all) => all);
    const isDone = async (id: string) =>
      (await events()).some(({ data }) => data["id"] === id && data["status"] === "completed");
    await expect.poll(async () => (await events())[0]?.type).toBe("snapshot");

    const seen = await draw("while it is open");
    await expect.poll(() => isDone(seen)).toBe(true);
    await expect.poll(() => isDone(missed)).toBe(true);
    // The second stream got the position of the first; otherwise it would have begun with a snapshot too.
    const all = await events();
    expect(all.filter(({ type }) => type === "snapshot")).toHaveLength(1);
    for (const id of [seen, missed]) {
      const revisions = all.flatMap(({ data }) => (data["id"] === id ? [Number(data["revision"])] : []));
      expect(revisions).toEqual([...new Set(revisions)].toSorted((a, b) => a - b));
    }
  });
});
