import { expect, test } from "vitest";
import { audit } from "./support/axe.ts";
import { enter } from "./support/keyboard.ts";
import { faultsOf } from "./support/looks.ts";
import { browse, withChromium } from "./support/pages.ts";

withChromium("dead letters by cause", () => {
  const pages = browse();
  const fail = (count: number, fingerprint: string, message: string) =>
    pages.house.sql.query(
      `insert into dead_letter_queue (event_name, event_data, event_id, run_id, function_id, fingerprint, error_code,
         error_message, failed_at, alerted_at)
       select 'monitoring/canary', '{"sentAt": "2026-11-29T00:00:00Z"}', $1 || n, $1 || n, 'run-canary', $1, 'provider_rejected', $2,
         now() - (n % 300) * interval '1 minute', now()
       from generate_series(1, $3) as n`,
      [fingerprint, message, count],
    );
  const statuses = async () =>
    (
      await pages.house.sql.query(
        "select fingerprint, status, count(*)::int as n from dead_letter_queue group by 1, 2 order by 1, 2",
      )
    ).rows;

  test("500 dead letters of three causes are handled with six clicks", async () => {
    await fail(300, "2-a", "The mailbox of the customer is full, so the provider refused the mail");
    await fail(190, "2-b", "The address answers 404 since the summer");
    await fail(10, "2-c", "The key was refused");
    const page = await pages.open("/dead-letters");
    const causes = page.getByRole("region", { name: "Open dead letters by cause" });
    await causes.getByText("The key was refused").waitFor();
    await expect.poll(() => causes.getByRole("row").count()).toBe(4);
    expect(await faultsOf(page, "causes")).toEqual([]);
    const rowOf = (message: string) => causes.getByRole("row").filter({ hasText: message });
    let clicks = 0;
    const click = async (target: { click: () => Promise<void> }) => {
      clicks += 1;
      await target.click();
    };
    const dialog = page.getByRole("dialog");

    for (const [message, count] of [
      ["mailbox", 300],
      ["404", 190],
    ] as const) {
      await click(rowOf(message).getByRole("button", { name: /^Ignore all/ }));
      await dialog.getByRole("heading", { name: `Ignore ${count} dead letters of run-canary?` }).waitFor();
      await dialog.getByRole("textbox").fill("known since the summer");
      await click(dialog.getByRole("button", { name: "Ignore all" }));
      await rowOf(message).waitFor({ state: "detached" });
    }
    await click(rowOf("key").getByRole("button", { name: /^Reprocess all/ }));
    await click(dialog.getByRole("button", { name: "Reprocess all" }));
    await causes.waitFor({ state: "detached" });
    expect(clicks).toBe(6);
    expect(await statuses()).toEqual([
      { fingerprint: "2-a", status: "ignored", n: 300 },
      { fingerprint: "2-b", status: "ignored", n: 190 },
      { fingerprint: "2-c", status: "reprocessed", n: 10 },
    ]);
  });

  test("a cause opens its letters, by keyboard", async () => {
    await fail(3, "2-d", "No lorry");
    const page = await pages.open("/dead-letters");
    const causes = page.getByRole("region", { name: "Open dead letters by cause" });
    await enter(causes.getByRole("link", { name: "run-canary" }));
    await page.waitForURL(/fingerprint=2-d/);
    await causes.waitFor({ state: "detached" });
    await expect.poll(() => page.getByRole("article").count()).toBe(3);
  });

  test("a reopened cause names its deploy; a patch is checked, then sent with a canary, by keyboard", async () => {
    await pages.house.sql.query(
      `insert into dead_letter_queue (event_name, event_data, event_id, run_id, function_id, fingerprint, error_message,
         failed_at, alerted_at, release, reopens)
       select 'monitoring/canary', case when n = 4 then '{}' else '{"at": "2026-11-29T00:00:00Z"}'::jsonb end, 'p' || n,
         'p' || n, 'run-canary', '2-p', 'The field was renamed', now() - n * interval '1 minute', now(), 'v42', n = 5
       from generate_series(1, 5) as n`,
    );
    const page = await pages.open("/dead-letters");
    const causes = page.getByRole("region", { name: "Open dead letters by cause" });
    const row = causes.getByRole("row").filter({ hasText: "The field was renamed" });
    await row.getByText("with deploy v42").waitFor();
    await enter(row.getByRole("button", { name: /^Reprocess all/ }));
    const dialog = page.getByRole("dialog", { name: "Reprocess 5 dead letters of run-canary?" });
    await dialog.getByLabel("First").fill("2");
    await enter(dialog.getByText("Change the data first"));
    await dialog.getByLabel("JSON Patch").fill("move /at");
    await enter(dialog.getByRole("button", { name: "Check only" }));
    await dialog.getByRole("alert").getByText("The patch is no JSON.").waitFor();
    await dialog.getByLabel("JSON Patch").fill('[{"op": "move", "from": "/at", "path": "/sentAt"}]');
    await enter(dialog.getByRole("button", { name: "Check only" }));
    await dialog.getByText("4 of 5 pass the check, 1 does not. Nothing was sent.").waitFor();
    await dialog.getByText("there is no value at this path").waitFor();
    expect(await dialog.getByRole("alert").count()).toBe(0);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      expect((await audit(page)).violations).toEqual([]);
    }
    await enter(dialog.getByRole("button", { name: "Reprocess all" }));
    await dialog.waitFor({ state: "detached" });
    await expect
      .poll(async () => (await statuses()).filter(({ fingerprint }) => fingerprint === "2-p"), {
        timeout: 60_000,
      })
      .toEqual([
        { fingerprint: "2-p", status: "failed", n: 1 },
        { fingerprint: "2-p", status: "reprocessed", n: 4 },
      ]);
    const { rows } = await pages.house.sql.query(
      "select id from dead_letter_queue where refusal is not null",
    );
    await page.goto(page.url().replace(/#.*/, `#/dead-letters/${rows[0]?.["id"]}`));
    await page.getByText("The patch was not applied").waitFor();
  });

  test("the data of one dead letter is patched on the page; a patch that does not fit leaves it open", async () => {
    const { rows } = await pages.house.sql.query(
      `insert into dead_letter_queue (event_name, event_data, event_id, run_id, function_id, fingerprint, error_message,
         failed_at, alerted_at)
       values ('monitoring/canary', '{"at": "2026-11-29T00:00:00Z"}', 'one', 'one', 'run-canary', '2-one', 'Renamed', now(), now())
       returning id`,
    );
    const path = `/dead-letters/${rows[0]?.["id"]}`;
    const page = await pages.open(path, { expected: /status of 400/ });
    const button = page.getByRole("button", { name: "Reprocess: run-canary" });
    await enter(button);
    const dialog = page.getByRole("dialog", { name: "Reprocess run-canary?" });
    await enter(dialog.getByText("Change the data first"));
    await dialog.getByLabel("JSON Patch").fill('[{"op": "remove", "path": "/nowhere"}]');
    const confirm = dialog.getByRole("button", { name: "Reprocess" });
    await enter(confirm);
    await dialog
      .getByRole("alert")
      .getByText(/there is no value at this path/)
      .waitFor();
    expect((await pages.house.call("GET", `/api${path}`)).status).toBe("failed");
    await dialog.getByLabel("JSON Patch").fill('[{"op": "move", "from": "/at", "path": "/sentAt"}]');
    expect(await faultsOf(page, "reprocess one letter")).toEqual([]);
    await enter(confirm);
    await dialog.waitFor({ state: "detached" });
    await page.getByText("Reprocessed with the patched data:").waitFor();
    expect(await pages.house.call("GET", `/api${path}`)).toMatchObject({
      status: "reprocessed",
      patchedData: { sentAt: "2026-11-29T00:00:00Z" },
    });
  });
});
