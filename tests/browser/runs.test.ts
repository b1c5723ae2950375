import { expect, test } from "vitest";
import { audit } from "./support/axe.ts";
import { enter } from "./support/keyboard.ts";
import { browse, withChromium } from "./support/pages.ts";
import { eventually, failedCampaign, letMailsGo, sendCampaign, smallPieces } from "./support/seeds.ts";

withChromium("a run as it was", () => {
  const pages = browse(smallPieces);

  test("S4-43: a job's page shows its timeline, numbers, input and steps with outputs, and runs it again without a second mail", async () => {
    const { house } = pages;
    const { id, jobId } = await sendCampaign(house, { name: "The told letter", people: 12 });
    const page = await pages.open(`/jobs/${jobId}`);
    await page.getByText("completed", { exact: true }).first().waitFor();
    const timeline = page.getByRole("region", { name: "What happened" });
    for (const word of ["Accepted", "Sent to the engine", "Started", "Completed"])
      await timeline.getByText(new RegExp(`^${word}`)).waitFor();
    await page.getByText("Attempts", { exact: true }).first().waitFor();
    const plan = page
      .getByRole("region", { name: "Steps", exact: true })
      .first()
      .getByRole("row")
      .filter({ hasText: "plan" })
      .first();
    await plan.getByText("completed").waitFor();
    expect(await plan.innerText()).toMatch(/1: [\d.]+ m?s/);
    await plan.getByText('"planned"').waitFor();
    const input = page.getByRole("region", { name: "Input" });
    await input.getByText(id).waitFor();
    expect(await input.getByRole("link", { name: "Campaign" }).getAttribute("href")).toBe(
      `#/campaigns/${id}`,
    );
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      expect((await audit(page)).violations).toEqual([]);
    }

    const mails = async () =>
      (await house.sql.query("select count(*)::int as sent from campaign_sends where campaign_id = $1", [id]))
        .rows;
    const before = [await mails(), await house.call("GET", `/api/campaigns/${id}`)];
    await enter(page.getByRole("button", { name: "Run again" }));
    await enter(page.getByRole("dialog").getByRole("button", { name: "Run again" }));
    await page.getByText("skipped", { exact: true }).first().waitFor();
    expect(page.url()).not.toContain(jobId);
    await page.getByRole("link", { name: "Runs again" }).click();
    await timeline.getByText("Run again").waitFor();
    expect([await mails(), await house.call("GET", `/api/campaigns/${id}`)]).toEqual(before);
  });

  test("a job's page shows what each run and the parts have logged", async () => {
    const { house } = pages;
    const { jobId } = await sendCampaign(house, { name: "The logged letter", people: 3 });
    const page = await pages.open(`/jobs/${jobId}`);
    await page.getByText("completed", { exact: true }).first().waitFor();
    await page.getByText("Nothing was logged besides start and end.").waitFor();
    const { rows } = await house.sql.query("select run_id from job_runs where job_id = $1", [jobId]);
    const at = new Date().toISOString();
    const line = (runId: string, level: string, message: string, facts = "") => {
      return { runId, functionId: "send-email-campaign", at, level, message, facts };
    };
    const lines = [
      line(rows[0].run_id, "info", "three people", '{"count":3}'),
      line(rows[0].run_id, "error", "Inngest step error", '{"err":{"message":"a cut err'),
      line("of a part", "warn", "the road is slow"),
    ];
    await house.sql.query("select keep_log_lines($1, $2)", [jobId, JSON.stringify(lines)]);
    await page.reload();
    const log = page.getByRole("region", { name: "Log", exact: true }).first();
    await log.getByText("three people").waitFor();
    await log.getByText('"count": 3').waitFor();
    await log.getByText('{"err":{"message":"a cut err').waitFor();
    await page
      .getByRole("region", { name: "Log of parts and failures" })
      .getByText("the road is slow")
      .first()
      .waitFor();
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      expect((await audit(page)).violations).toEqual([]);
    }
  });

  test("an attempt's error and the pause after it are shown with the step", async () => {
    const { house } = pages;
    await house.steer("/_control/images", { outage: 503 });
    const { id } = await house.call("POST", "/api/tasks", { prompt: "a twice drawn goat" });
    await eventually("a failed attempt", async () =>
      JSON.stringify(await house.call("GET", `/api/jobs/${id}/trace`)).includes("503"),
    );
    await house.steer("/_control/images", { outage: null });
    const page = await pages.open(`/jobs/${id}`);
    await page.getByText("completed", { exact: true }).first().waitFor();
    const row = page.getByRole("row").filter({ hasText: "draw-0" });
    await expect.poll(() => row.innerText()).toMatch(/1: .*503.*pause \d/s);
  });

  test("a job with an open dead letter is reprocessed, not run again", async () => {
    const { jobId } = await failedCampaign(pages.house, "The unrepeated letter");
    const page = await pages.open(`/jobs/${jobId}`);
    await page.getByText("blocked", { exact: true }).waitFor();
    expect(await page.getByRole("button", { name: "Run again" }).count()).toBe(0);
    await letMailsGo(pages.house);
  });

  test("a caller who may not see the input sees the job without it", async () => {
    const { id } = await pages.house.call("POST", "/api/tasks", { prompt: "a private goat" });
    await pages.house.sql.query("update jobs set owner = 'ann' where id = $1", [id]);
    const page = await pages.open(`/jobs/${id}`, { as: "app", expected: /403/ });
    await page.getByText("completed", { exact: true }).first().waitFor();
    expect(await page.getByRole("region", { name: "Input" }).count()).toBe(0);
    expect(await page.getByRole("button", { name: "Run again" }).count()).toBe(0);
  });
});
