import type { Page } from "playwright-core";
import { afterEach, expect, test } from "vitest";
import { browse, withChromium } from "./support/pages.ts";
import { eventually } from "./support/seeds.ts";

withChromium("the image queue", () => {
  const pages = browse();
  const provider = (settings: object) => pages.house.steer("/_control/images", settings);
  const group = (page: Page, name: string) => page.getByRole("region", { name, exact: true });
  const items = (page: Page, name: string) => group(page, name).getByRole("listitem");
  /**
   * The waiting tasks, as the API numbers them: which of two requests 50 ms apart is accepted first depends on the
   * network.
   */
  const lineOf = async (lane: string): Promise<string[]> => {
    const { items } = await pages.house.call("GET", `/api/tasks?lane=${lane}&status=pending`);
    const tasks: { prompt: string; position: number }[] = items;
    return tasks.toSorted((a, b) => a.position - b.position).map(({ prompt }) => prompt);
  };
  const submit = async (page: Page, prompt: string) => {
    await page.getByLabel("Prompt").fill(prompt);
    await page.getByLabel("Prompt").press("Enter");
  };

  afterEach(async () => {
    await provider({ hold: false, outage: null, failureRate: 0 });
    await pages.house.call("POST", "/api/clear-queue", { lane: "tasks" });
    await eventually("the lane is empty", async () => {
      const { lanes } = await pages.house.call("GET", "/api/stats?lane=tasks");
      return lanes[0].processing + lanes[0].retrying + lanes[0].waiting === 0;
    });
  });

  test("S1-16, S0-4: a submitted prompt moves to processing and then to its picture, without a reload", async () => {
    await provider({ hold: true });
    const page = await pages.open("/images");
    await submit(page, "a lighthouse in the fog");
    await items(page, "Processing").filter({ hasText: "a lighthouse in the fog" }).waitFor();
    await provider({ hold: false });

    const picture = group(page, "Completed").getByRole("img", { name: "a lighthouse in the fog" });
    await picture.waitFor();
    await expect
      .poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth))
      .toBeGreaterThan(0);
    await page.getByRole("status", { name: "Messages" }).getByText("Done: a lighthouse").waitFor();
  });

  test("S0-16, S0-23, S1-19: the button for five tasks sends five requests, and tasks beyond the concurrency are shown waiting in order", async () => {
    await provider({ hold: true });
    const page = await pages.open("/images");
    let posts = 0;
    page.on("request", (request) => {
      if (request.method() === "POST" && request.url().endsWith("/api/tasks")) posts += 1;
    });
    const five = page.getByRole("button", { name: "Queue 5 Tasks" });
    await five.click();
    await expect.poll(() => posts).toBe(5);
    await expect.poll(() => group(page, "Processing").getByRole("button").count()).toBe(5);

    await page.getByLabel("Prompt").fill("a paper boat");
    await five.click();
    await expect.poll(() => items(page, "Waiting").count()).toBe(5);
    await expect
      .poll(() => items(page, "Waiting").allInnerTexts())
      .toEqual((await lineOf("tasks")).map((prompt) => expect.stringContaining(prompt)));
    await provider({ hold: false });
    await expect.poll(() => group(page, "Completed").getByRole("img").count()).toBeGreaterThanOrEqual(10);
    await group(page, "Waiting").getByText("No task waits").waitFor();
  });

  test("S1-17: a failed task shows the countdown to its retry, and 'fail permanently' ends as failed", async () => {
    await provider({ outage: 503 });
    const page = await pages.open("/images");
    await submit(page, "a stubborn goat");
    await items(page, "Waiting for retry")
      .getByText(/Attempt [2-5] of 5 in \d+ s/)
      .waitFor();
    await provider({ outage: null });
    await group(page, "Completed").getByRole("img", { name: "a stubborn goat" }).waitFor();

    await submit(page, "a task that will fail permanently");
    await items(page, "Failed").filter({ hasText: "fail permanently" }).waitFor();
  });

  test("a waiting task and one that is being drawn can be canceled", async () => {
    await provider({ hold: true });
    const page = await pages.open("/images");
    for (const n of [1, 2, 3, 4, 5, 6]) await submit(page, `an owl, number ${n}`);
    await expect.poll(() => items(page, "Processing").filter({ hasText: "an owl" }).count()).toBe(5);
    await items(page, "Waiting")
      .getByRole("button", { name: /^Cancel: an owl, number/ })
      .click();
    await expect.poll(() => items(page, "Canceled").filter({ hasText: "an owl" }).count()).toBe(1);
    await items(page, "Processing")
      .getByRole("button", { name: /^Cancel: an owl, number/ })
      .first()
      .click();
    await expect.poll(() => items(page, "Canceled").filter({ hasText: "an owl" }).count()).toBe(2);

    // Only administrators may clear the lane.
    const clear = (of: Page) => of.getByRole("button", { name: "Clear the queue" });
    await clear(page).waitFor();
    const app = await pages.open("/images", { as: "app" });
    await submit(app, "a heron");
    await app.getByRole("button", { name: "Cancel: a heron" }).waitFor();
    await app.getByText("Success rate").waitFor();
    expect(await clear(app).count()).toBe(0);
  });

  test("a key that is no administrator's sees the positions and the free places of the whole lane", async () => {
    await provider({ hold: true });
    let id = "";
    for (let n = 0; n < 6; n += 1)
      ({ id } = await pages.house.call("POST", "/api/tasks", { prompt: `sketch ${n + 1}` }));
    const page = await pages.open("/images", { as: "app" });
    await submit(page, "an ibis");
    const ibis = items(page, "Waiting").filter({ hasText: "an ibis" });
    await ibis.getByText("2", { exact: true }).waitFor();
    expect(await page.getByText("Free place").count()).toBe(0);
    await pages.house.call("DELETE", `/api/tasks/${id}`);
    await ibis.getByText("1", { exact: true }).waitFor();
  });

  test("S1-18: when 100 tasks are in the lane, the page keeps a further prompt and shows when to try again", async () => {
    await provider({ hold: true });
    const page = await pages.open("/images", { expected: /status of 503/ });
    await page.getByRole("heading", { name: "Images" }).waitFor();
    for (let n = 0; n < 100; n += 1)
      await pages.house.call("POST", "/api/tasks", { prompt: `filler ${n + 1}` });
    await submit(page, "one too many");
    await page.getByRole("status").filter({ hasText: "Queue full" }).waitFor();
    await page.getByText("Come back in").waitFor();
  });
});
