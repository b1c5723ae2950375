import { expect, test } from "vitest";
import { enter } from "./support/keyboard.ts";
import { comparing, rowsOf, tileOf } from "./support/numbers.ts";
import { browse, withChromium } from "./support/pages.ts";
import { letMailsGo, smallPieces } from "./support/seeds.ts";
import { storm } from "./support/storm.ts";
import { go as goTo } from "./support/views.ts";

/** The statements are this test's own: they use the tables, and none of the product's functions. */
withChromium("after a storm, the page shows the numbers of the database:", () => {
  const pages = browse(smallPieces);
  const { query, number, share, rows } = comparing(pages);
  let made: Awaited<ReturnType<typeof storm>> | undefined;
  const open = async (view: string) => {
    made ??= await storm(pages.house);
    const page = await pages.open(view);
    const go = (to: string) => goTo(page, to);
    /** The cells under these headings, of all rows. */
    const cells = async (caption: string, ...heads: string[]) =>
      (await rowsOf(page, caption)).map((row) => heads.map((head) => row[head]));
    return { page, go, cells, ...made };
  };
  const lately = "now() - interval '59 minutes'";

  test("the navigation", async () => {
    const { page } = await open("/overview");
    const links = page.getByRole("navigation", { name: "Pages" }).getByRole("link");
    const counted = async (name: string) =>
      (await links.allInnerTexts()).find((text) => text.startsWith(name))?.match(/\d+/)?.[0] ?? "0";
    await number(
      () => counted("Dead letters"),
      "select count(*) from dead_letter_queue where status = 'failed'",
    );
    await number(() => counted("Alerts"), "select count(*) from alerts where status = 'open'");
    await number(
      () => counted("Campaigns"),
      "select count(*) from campaigns where status in ('queued', 'sending')",
    );
    await number(() => counted("Imports"), "select count(*) from imports where ended_at is null");
  });

  test("the tiles of the overview, its classes, and the mails of the month", async () => {
    const { page, cells } = await open("/overview");
    const tile = (name: string) => () => tileOf(page, name);
    await number(tile("Waiting"), "select count(*) from jobs where status = 'queued' and ready_at <= now()");
    await number(tile("Running"), "select count(*) from jobs where status = 'running'");
    await number(
      tile("Completed"),
      `select count(*) from jobs where status = 'completed' and ended_at > ${lately}`,
    );
    await share(
      tile("Failed"),
      `select avg((status = 'failed')::int) from jobs where status in ('completed', 'failed') and ended_at > ${lately}`,
    );
    await share(
      tile("Retried"),
      `select n / (n + (select count(*) from jobs where started_at > ${lately})) from (
         select count(*)::float8 as n from job_events where type in ('retrying', 'attempt') and at > ${lately}) as retries`,
    );
    await rows(
      () => cells("Waiting and running work, and promises kept, by class", "Waiting", "Running"),
      `select count(*) filter (where status = 'queued' and ready_at <= now()), count(*) filter (where status = 'running')
       from generate_series(1, 5) as class left join jobs on priority = class group by class`,
    );
    // The month may end while the test runs.
    const month = "date_trunc('month', now(), 'UTC')";
    await query("select tally_usage(10000, now() + interval '2 minutes')");
    await page.reload();
    await number(
      tile("Mails"),
      `select (select count(*) from jobs where function_id in ('send-mail', 'send-bulk-mail') and status = 'completed'
           and ended_at >= ${month})
         + (select count(*) from campaign_sends as send join campaigns on campaigns.id = campaign_id
            where send.status = 'sent' and campaigns.status = 'completed' and campaigns.ended_at >= ${month})`,
    );
  });

  test("how many jobs match a filter", async () => {
    const { page, go } = await open("/jobs");
    const total = async () => (await page.locator(".jobs-line span").innerText()).replace(/ jobs?$/, "");
    await number(total, "select count(*) from jobs");
    await go("/jobs?status=failed");
    await number(total, "select count(*) from jobs where status = 'failed'");
  });

  test("what each function did", async () => {
    const { cells } = await open("/functions");
    const heads = ["Function", "Waiting", "Started, hour / day", "Completed", "Failed"];
    await rows(
      async () =>
        (await cells("Functions in the last hour and day", ...heads))
          .map(([name, ...rest]) => [name?.split(/\s/)[0], ...rest])
          .filter(([, ...rest]) => rest.join() !== "0,–,–,–"),
      `select function_id, count(*) filter (where status = 'queued' and ready_at <= now()),
         ${["started_at is not null", "status = 'completed'", "status = 'failed'"]
           .map(
             (what) => `coalesce(nullif(count(*) filter (where ${what}), 0)
             || ' / ' || count(*) filter (where ${what}), '–')`,
           )
           .join()}
       from jobs group by 1`,
    );
  });

  test("the outcome of a campaign's mails", async () => {
    const { page, go, sent, held } = await open("/campaigns");
    const shown = async (...statuses: string[]) => {
      const counts = page.getByRole("list", { name: "Recipients by status" }).getByRole("link");
      const texts = (await counts.allInnerTexts()).filter((text) =>
        statuses.some((one) => text.endsWith(one)),
      );
      return String(texts.reduce((sum, text) => sum + Number(text.match(/\d+/)?.[0]), 0));
    };
    for (const id of [sent, held]) {
      await go(`/campaigns/${id}`);
      const of = (status: string) =>
        `select count(*) from campaign_sends where campaign_id = '${id}' and status = '${status}'`;
      for (const status of ["sent", "failed", "skipped", "unknown"])
        await number(() => shown(status), of(status));
      await number(() => shown("pending", "sending"), of("pending"));
    }
  });

  test("the subscribers of the lists", async () => {
    const { cells } = await open("/lists");
    await rows(
      async () =>
        (await cells("Mailing lists, newest first", "Subscribers")).map(
          ([text]) => text?.match(/\d+/g) ?? [],
        ),
      `select array_to_string(array[count(*) filter (where status = 'active'),
         nullif(count(*) filter (where status not in ('active', 'erased')), 0)], ' | ')
       from email_subscribers group by list_id`,
    );
  });

  test("the rows of an import and of a report", async () => {
    const { page, go } = await open("/imports");
    await enter(page.getByRole("link", { name: "guests.csv" }));
    const outcome = (name: string) => () =>
      page.locator(".numbers-strip div").filter({ hasText: name }).locator("dd").innerText();
    for (const fate of ["Inserted", "Updated", "Unchanged"])
      await number(outcome(fate), `select count(*) from import_rows where fate = '${fate.toLowerCase()}'`);
    await number(outcome("Rejected"), "select count(*) from import_rejects");
    await number(outcome("Inserted"), "select count(*) from contacts");
    await go("/reports");
    const report = page.getByRole("article", { name: /^Contacts/ });
    await number(
      async () => (await report.innerText()).match(/(\d+) rows/)?.[1],
      "select count(*) from contacts",
    );
  });

  test("webhook endpoints and their deliveries", async () => {
    const { cells, go, endpoint } = await open("/webhooks");
    await rows(
      () => cells("Webhook endpoints", "Waiting", "Success"),
      `select (select count(*) from webhook_deliveries where status = 'pending'),
         floor(100 * avg((coalesce(answer_status, 0) between 200 and 299)::int)) || ' %' from webhook_attempts`,
    );
    await go(`/webhooks/${endpoint}`);
    await rows(
      () => cells("Deliveries", "State", "Attempts"),
      `select status, (select count(*) from webhook_attempts where delivery_id = delivery.id)
       from webhook_deliveries as delivery order by created_at desc, id desc limit 20`,
    );
  });

  test("received webhooks by status, the size of one, and how many a replay handles", async () => {
    const { page, go, cells } = await open("/webhook-inbox");
    for (const status of ["applied", "ignored"]) {
      await go(`/webhook-inbox?status=${status}`);
      await rows(
        () => cells("Received webhooks, newest first", "Type", "Source", "Status", "Id"),
        `select type, source, verdict, external_id from webhook_inbox where verdict = '${status}'`,
      );
    }
    await go("/webhook-inbox?type=push");
    await enter(page.getByRole("button", { name: "Count and replay" }));
    await number(
      async () => (await page.getByRole("dialog").getByRole("heading").innerText()).match(/\d+/)?.[0],
      "select count(*) from webhook_inbox where type = 'push'",
    );
    await page.keyboard.press("Escape");
    const id = String((await query("select id from webhook_inbox limit 1"))[0]?.[0]);
    await go(`/webhook-inbox/${id}`);
    await number(
      async () => (await page.getByText(/^[\d,]+ bytes$/).innerText()).replace(" bytes", ""),
      `select octet_length(body) from webhook_inbox where id = '${id}'`,
    );
  });

  test("orders and payments with their amounts, by status", async () => {
    const { go, cells } = await open("/payments");
    const dollars = (column: string) => `to_char(${column} / 100.0, 'FM"$"999,990.00')`;
    for (const status of ["pending", "paid", "refunded"]) {
      await go(`/payments?status=${status}`);
      await rows(
        () => cells("Orders, newest first", "Order", "Status", "Amount"),
        `select id, status, ${dollars("amount_cents")} from orders where status = '${status}'`,
      );
    }
    for (const status of ["succeeded", "requires_payment_method"]) {
      await go(`/payments?list=payments&status=${status}`);
      await rows(
        async () =>
          (await cells("Payments, newest first", "Payment", "Status", "Amount", "Order")).map((row) =>
            row.map((cell) => cell?.replaceAll(/\s+/g, " ")),
          ),
        `select payments.id, concat_ws(' ', replace(payments.status, '_', ' '), failure_code),
           ${dollars("payments.amount_cents")}
             || case when refunded_cents > 0 then ' ' || ${dollars("refunded_cents")} || ' refunded' else '' end,
           orders.id || ' ' || orders.status
         from payments join orders on orders.id = order_id where payments.status = '${status}'`,
      );
    }
  });

  test("dead letters by cause", async () => {
    const { cells } = await open("/dead-letters");
    await rows(
      () => cells("Open dead letters by cause", "Open"),
      "select count(*) from dead_letter_queue where status = 'failed' group by fingerprint having count(*) > 1",
    );
  });

  test("the slots of a schedule, open alerts, and both ways of a flag", async () => {
    const { page, go, cells } = await open("/schedules/send-daily-report");
    await number(
      async () => String((await rowsOf(page, "Last slots")).length),
      "select count(*) from schedule_ticks where schedule = 'send-daily-report'",
    );
    await go("/alerts");
    await page.getByRole("heading", { name: "Alerts", level: 1 }).waitFor();
    await number(
      async () => String(await page.getByRole("main").getByRole("article").count()),
      "select count(*) from alerts where status = 'open'",
    );
    await go("/flags");
    const heads = ["Decided", "Ended", "Failed"];
    await rows(
      () => cells("Both ways of async_newsletter since its last change, at most 7 days", ...heads),
      `select count(*), count(ended_at), count(*) filter (where status = 'failed')
       from flag_decisions join jobs on jobs.id = job_id group by way`,
    );
    await letMailsGo(pages.house);
    expect(await query("select from flag_decisions limit 1")).toHaveLength(1);
  });
});
