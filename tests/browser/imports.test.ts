import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { audit } from "./support/axe.ts";
import { chooseByKey, enter } from "./support/keyboard.ts";
import { browse, withChromium } from "./support/pages.ts";
import { eventually } from "./support/seeds.ts";
import { go } from "./support/views.ts";

const phone = { width: 390, height: 844 };
/** The upload goes to Storage, which is another host. */
const toStorage = { expected: /\/storage\/v1\/object\/upload\/sign\/imports\// };

const csv = (text: string, name = "people.csv") => ({
  name,
  mimeType: "text/csv",
  buffer: Buffer.from(text),
});
const people = [
  "E-Mail;Telefon;Full name",
  "ada@example.com;+44 1;Ada Lovelace",
  "grace@example.com;+1 2;Grace Hopper",
  "no address;+1 3;=HYPERLINK(1)",
  "",
].join("\n");

/** The file is uploaded. An earlier import of a file with this name has such a heading, too. */
const isUploaded = (page: Page, name: string) =>
  page.getByRole("region", { name: "New import" }).getByRole("heading", { name }).waitFor();
const choose = async (page: Page, file: ReturnType<typeof csv>) => {
  await page.locator("input[type=file]").setInputFiles(file);
  await isUploaded(page, file.name);
};
const into = async (page: Page, target: string) => {
  await page.getByLabel("Import into").selectOption(target);
  await page.locator("[aria-busy=true]").waitFor({ state: "detached" });
};
const startImport = async (page: Page, name: string) => {
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await page.getByRole("heading", { name, level: 1 }).waitFor();
};
/** A number of the strip: its name is above it. */
const numberOf = (page: Page, name: string) =>
  page.locator(".numbers-strip div").filter({ hasText: name }).locator("dd").innerText();

withChromium("imports", () => {
  const pages = browse();
  const contacts = async () => {
    const { rows } = await pages.house.sql.query("select email, phone, name from contacts order by email");
    return rows;
  };

  test("a file is uploaded, checked, dry-run, imported with progress, and undone on the page", async () => {
    const page = await pages.open("/imports", { expected: /\/storage\/v1\/object\/|net::ERR_/ });
    await page.getByText("No import yet").waitFor();
    await choose(page, csv(people));
    await page.getByRole("cell", { name: "Ada Lovelace" }).waitFor();
    // A failed reading leaves the form, and can be repeated.
    await page.route("**/api/imports/guess", (route) => route.abort(), { times: 1 });
    await page.getByLabel("Import into").selectOption("contacts");
    await page.getByText("The server cannot be reached").waitFor();
    await page.getByRole("button", { name: "Try again" }).click();

    // The guess, the first rows, and a column that no name matches.
    await into(page, "contacts");
    await expect.poll(() => page.getByLabel("Separator").innerText()).toContain("semicolon (found)");
    await expect.poll(() => page.getByLabel("Encoding").innerText()).toContain("UTF-8 (found)");
    await page.getByRole("cell", { name: "Ada Lovelace" }).waitFor();
    await expect.poll(() => page.getByLabel("Field for E-Mail").inputValue()).toBe("email");
    expect(await page.getByLabel("Field for Telefon").inputValue()).toBe("");
    await page.getByLabel("Field for Telefon").selectOption("phone");
    await page.getByLabel("Rows that exist").selectOption("insert");

    // The dry run writes nothing.
    await page.getByRole("button", { name: "Dry run" }).click();
    const trial = page.getByRole("region", { name: "Dry run" });
    await trial.getByText("completed", { exact: true }).waitFor();
    await expect.poll(() => numberOf(page, "Would be inserted")).toBe("2");
    await trial.getByText("no address").waitFor();
    expect(await contacts()).toEqual([]);
    expect((await audit(page)).violations).toEqual([]);

    await startImport(page, "people.csv");
    await page.getByText("completed", { exact: true }).waitFor();
    await page.getByText("3 of 3 rows").waitFor();
    await expect.poll(() => numberOf(page, "Inserted")).toBe("2");
    await expect.poll(() => numberOf(page, "Rejected")).toBe("1");
    expect(await contacts()).toEqual([
      { email: "ada@example.com", phone: "+44 1", name: "Ada Lovelace" },
      { email: "grace@example.com", phone: "+1 2", name: "Grace Hopper" },
    ]);

    // A row that was changed since the import is a conflict of the undo.
    await pages.house.sql.query("update contacts set name = 'Grace' where email like 'grace%'");
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Undo import" }).click();
    await page.getByText("undone", { exact: true }).waitFor();
    await page.getByRole("cell", { name: "Changed since the import" }).waitFor();
    await page.getByText("completed: 1 rows taken back, 1 left alone").waitFor();
    expect(await contacts()).toEqual([{ email: "grace@example.com", phone: "+1 2", name: "Grace" }]);
    expect((await audit(page)).violations).toEqual([]);
    await page.setViewportSize(phone);
    expect((await audit(page)).violations).toEqual([]);
  });

  test("rejects.csv can be downloaded, has no formulas, and can be imported", async () => {
    const page = await pages.open("/imports", toStorage);
    await choose(page, csv(`${people}\n\n`, "again.csv"));
    await into(page, "contacts");
    await startImport(page, "again.csv");
    await page.getByText("completed", { exact: true }).waitFor();

    const downloading = page.waitForEvent("download");
    await page.getByRole("button", { name: "rejects.csv" }).click();
    const file = readFileSync(await (await downloading).path(), "utf8");
    expect(file).toContain("no address");
    expect(file).toContain("'=HYPERLINK(1)");

    await page.getByRole("button", { name: "Retry rejected rows" }).click();
    await page.getByRole("heading", { name: "rejects of again.csv", level: 1 }).waitFor();
    await page.getByText("completed", { exact: true }).waitFor();
    await page.getByText("1 of 1 rows").waitFor();
    await expect.poll(() => numberOf(page, "Rejected")).toBe("1");
  });

  test("a file that was imported before is imported again only after a confirmation", async () => {
    const page = await pages.open("/imports", { expected: /sign\/imports\/|status of 409/ });
    const count = async () => (await pages.house.call("GET", "/api/imports?limit=100")).items.length;
    const file = csv("email\nsame@example.com\n", "same.csv");
    await choose(page, file);
    await into(page, "contacts");
    await startImport(page, "same.csv");
    await page.getByText("completed", { exact: true }).waitFor();
    const before = await count();

    await page.getByRole("link", { name: "All imports" }).click();
    await choose(page, file);
    await into(page, "contacts");
    const ask = async (answer: string) => {
      await page.getByRole("button", { name: "Import", exact: true }).click();
      const question = page.getByRole("dialog", { name: "Import the same file again?" });
      await question.getByText(/^This file was imported on \d{4}-/).waitFor();
      await question.getByRole("button", { name: answer }).click();
    };
    await ask("Do not import");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await count()).toBe(before);
    await ask("Import again");
    await page.getByRole("heading", { name: "same.csv", level: 1 }).waitFor();
    await page.getByText("completed", { exact: true }).waitFor();
    await expect.poll(() => numberOf(page, "Unchanged")).toBe("1");
  });

  test("while the columns for a choice are read, the button says so and starts nothing", async () => {
    const page = await pages.open("/imports", toStorage);
    await choose(page, csv("email\nearly@example.com\n", "early.csv"));
    const button = page.getByRole("button", { name: "Import", exact: true });
    const why = () =>
      button.evaluate(
        (one) => document.getElementById(one.getAttribute("aria-describedby") ?? "")?.innerText,
      );
    await expect.poll(why).toContain("A dry run");
    let answer = () => {};
    const isHeld = new Promise<void>((held) => {
      answer = held;
    });
    await page.route("**/api/imports/guess", async (route) => {
      await isHeld;
      await route.continue();
    });
    let startedCount = 0;
    page.on("request", (request) => {
      if (request.method() === "POST" && request.url().endsWith("/api/imports")) startedCount += 1;
    });

    await page.getByLabel("Import into").selectOption("contacts");
    await button.press("Enter");
    await page.getByRole("button", { name: "Dry run" }).press("Enter");
    expect(await why()).toContain("The import can start when the columns of this choice are shown.");
    expect(startedCount).toBe(0);
    answer();
    await expect.poll(why).toContain("A dry run");
    await enter(button);
    await page.getByRole("heading", { name: "early.csv", level: 1 }).waitFor();
    expect(startedCount).toBe(1);
  });

  test("the keyboard is enough to import into a list and to open the notification", async () => {
    await pages.house.sql.query("delete from notifications");
    const { id } = await pages.house.call("POST", "/api/lists", { name: "Readers" });
    const page = await pages.open("/imports", toStorage);
    const input = page.locator("input[type=file]");
    const choosing = page.waitForEvent("filechooser");
    // Focus and key in one call: the view may still be rendered again between two.
    await input.press("Space");
    await (await choosing).setFiles(csv("mail,first name\nann@example.com,Ann\n", "list.csv"));
    await isUploaded(page, "list.csv");

    const list = page.getByRole("combobox", { name: /^List/ });
    // Without a list the browser's own message holds the import back.
    await enter(page.getByRole("button", { name: "Import", exact: true }));
    await expect.poll(() => list.evaluate((one) => one.matches(":focus"))).toBe(true);
    await chooseByKey(list, "Readers");
    expect(await list.inputValue()).toBe(id);
    await enter(page.getByRole("button", { name: "Import", exact: true }));
    await page.getByRole("heading", { name: "list.csv", level: 1 }).waitFor();

    // The import of an earlier test may tell late, so the number is not known.
    const told = "select from notifications where data::text like '%list.csv%'";
    await expect.poll(async () => (await pages.house.sql.query(told)).rowCount).toBe(1);
    await go(page, "/overview");
    await enter(page.getByRole("button", { name: /^Notifications: \d+ unread/ }));
    const link = page.getByRole("dialog").getByRole("link", { name: "Import of list.csv: completed" });
    await enter(link);
    await page.getByRole("heading", { name: "list.csv", level: 1 }).waitFor();
    const { items } = await pages.house.call("GET", `/api/lists/${id}/subscribers?limit=10`);
    expect(items).toMatchObject([{ email: "ann@example.com", fields: { "first name": "Ann" } }]);
  });

  test("a file that is no table shows the reason, and another file can be chosen or dropped", async () => {
    const page = await pages.open("/imports", { expected: /sign\/imports\/|status of 400/ });
    await choose(page, csv("<!doctype html><html><body>Log in</body></html>", "login.csv"));
    await page.getByRole("alert").filter({ hasText: "The file is a web page" }).waitFor();
    await page.getByRole("button", { name: "Choose another file" }).click();

    const zone = page.locator(".drop-zone");
    const data = await page.evaluateHandle(() => {
      const transfer = new DataTransfer();
      transfer.items.add(new File(["email\ndrop@example.com\n"], "dropped.csv", { type: "text/csv" }));
      return transfer;
    });
    await zone.dispatchEvent("drop", { dataTransfer: data });
    await isUploaded(page, "dropped.csv");
    await page.getByRole("cell", { name: "drop@example.com" }).waitFor();
  });

  test("a waiting import can be canceled", async () => {
    const { importId } = await pages.house.call("POST", "/api/imports", {
      source: { content: "email\nlater@example.com\n", fileName: "later.csv" },
      target: "contacts",
      delayMs: 3_600_000,
    });
    const page = await pages.open(`/imports/${importId}`);
    await page.getByText("Waiting for its turn").waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel import" }).click();
    await page.getByText("canceled", { exact: true }).waitFor();
    await eventually("no contact was written", async () =>
      (await contacts()).every(({ email }: { email: string }) => email !== "later@example.com"),
    );
  });
});
