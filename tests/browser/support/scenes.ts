import type { Page } from "playwright-core";
import type { Story } from "./story.ts";

/** A page to take a picture of, and what must happen right before. */
export type Scene = {
  name: string;
  view: string;
  isTall?: true;
  before?: () => Promise<void>;
  /** What is done on the page itself. */
  act?: (page: Page) => Promise<void>;
};

/** In this order, because some scenes do not last. Each view of the page has at least one. */
export const scenesOf = ({ ids, fillTheLane, raiseAlerts }: Story): Scene[] => [
  { name: "images", view: "/images", isTall: true, before: fillTheLane },
  { name: "overview", view: "/overview" },
  { name: "jobs", view: "/jobs" },
  { name: "job", view: `/jobs/${ids.sentJob}` },
  { name: "failed-job", view: `/jobs/${ids.failedJob}` },
  { name: "functions", view: "/functions" },
  { name: "function", view: "/functions/generate-image" },
  { name: "campaigns", view: "/campaigns" },
  { name: "campaign", view: `/campaigns/${ids.running}` },
  { name: "composer", view: `/campaigns/${ids.draft}`, act: preview },
  { name: "lists", view: "/lists" },
  { name: "list", view: `/lists/${ids.list}` },
  { name: "imports", view: "/imports", isTall: true, act: chooseAFile },
  { name: "import", view: `/imports/${ids.import}` },
  { name: "reports", view: "/reports" },
  { name: "report", view: `/reports/${ids.report}` },
  { name: "payments", view: "/payments" },
  { name: "schedules", view: "/schedules" },
  { name: "webhooks", view: "/webhooks" },
  { name: "webhook-inbox", view: "/webhook-inbox" },
  { name: "dead-letters", view: "/dead-letters" },
  { name: "alerts", view: "/alerts", before: raiseAlerts, act: loadAgain },
  { name: "flags", view: "/flags" },
  { name: "api-keys", view: "/api-keys" },
];

/** So that the navigation counts the new alerts. */
async function loadAgain(page: Page): Promise<void> {
  await page.reload();
}

/** What sending the draft would do. */
async function preview(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Preview", exact: true }).click();
  await page.getByRole("region", { name: "Before sending" }).getByText("example.com").first().waitFor();
}

/** The form of a new import, with what was found in the file. */
async function chooseAFile(page: Page): Promise<void> {
  const buffer = Buffer.from(guests.join("\n").replaceAll(",", ";"));
  await page.locator("input[type=file]").setInputFiles({ name: "guests.csv", mimeType: "text/csv", buffer });
  await page.getByLabel("Import into").selectOption("contacts");
  await page.getByRole("combobox", { name: "Field for E-Mail" }).waitFor();
  await page.locator("[aria-busy=true]").waitFor({ state: "detached" });
}

/** A file with a subscriber on each line. */
export const guests = [
  "E-Mail,Full name,Company,Telefon",
  ...Array.from(
    { length: 1200 },
    (_, n) => `guest-${n}@example.com,Guest ${n},Café Müller,+49 30 ${5000 + n}`,
  ),
];
