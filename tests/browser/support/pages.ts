import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, vi } from "vitest";
import { findChromium, launchChromium } from "./chromium.ts";
import { type House, openHouse } from "./house.ts";
import { desktop } from "./looks.ts";

/** Pictures of pages whose test failed. */
const keepsakes = ".nightshift/failed-pages";
const patienceMs = 60_000;

type Visit = {
  /** The key that the page gets; null: none. */
  as?: keyof House["keys"] | null;
  /** Console messages that this test causes, such as the browser's own message about a lost network. */
  expected?: RegExp;
  /** Lets the test move the clock of the page. It is installed first, because it could not stop timers that began before. */
  movesClock?: boolean;
} & Pick<BrowserContextOptions, "colorScheme" | "viewport" | "reducedMotion" | "timezoneId">;

export type Pages = {
  house: House;
  /** Opens a view (`"/jobs?status=failed"`) in a browser profile of its own. */
  open(view: string, visit?: Visit): Promise<Page>;
};

const executable = findChromium();

/** A group of tests that needs Chromium. It is skipped on a machine without one, and the run reports that once. */
export const withChromium = executable === undefined ? describe.skip : describe;
/** A browser shares its machine with other tests, so it may be slow. */
const timeoutMs = 240_000;

/**
 * A house and a browser for a group of tests. An error in a page's console, a violation of its content security policy,
 * or a request to another host fails the test that opened the page.
 */
export function browse(settings: Record<string, string> = {}): Pages {
  let house: House;
  let browser: Browser;
  const opened: { context: BrowserContext; page: Page }[] = [];
  let complaints: string[] = [];
  vi.setConfig({ testTimeout: timeoutMs, hookTimeout: timeoutMs });

  beforeAll(async () => {
    [house, browser] = await Promise.all([openHouse(settings), launchChromium(executable ?? "")]);
  });
  afterAll(async () => {
    await browser.close();
    await house.close();
  });
  afterEach(async ({ task }) => {
    for (const [n, { context, page }] of opened.splice(0).entries()) {
      if (task.result?.state === "fail") await keep(page, `${task.name} ${n + 1}`);
      await context.close();
    }
    const said = complaints;
    complaints = [];
    expect(said).toEqual([]);
  });

  return {
    get house() {
      return house;
    },
    async open(view, { as = "admin", expected, movesClock = false, ...options } = {}) {
      const context = await browser.newContext({ viewport: desktop, ...options });
      context.setDefaultTimeout(patienceMs);
      const page = await context.newPage();
      opened.push({ context, page });
      listenTo(page, house.url, (complaint) => {
        if (expected?.test(complaint) !== true) complaints.push(complaint);
      });
      if (as !== null) await context.addInitScript(giveKey, house.keys[as]);
      if (movesClock) await page.clock.install();
      await page.goto(`${house.url}/#${view}`);
      return page;
    },
  };
}

/** Runs in the page: stores the key as if it had been entered. */
const giveKey = (key: string) => {
  if (location.protocol.startsWith("http")) sessionStorage.setItem("nightshift-key", key);
};

/** The browser's own viewer of PDF files makes these requests, and blob: and data: never leave the page. */
const OWN_PROTOCOLS = ["blob:", "data:", "chrome:", "chrome-extension:"];

function listenTo(page: Page, origin: string, complain: (complaint: string) => void): void {
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning")
      complain(`console.${message.type()}: ${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => complain(`uncaught: ${error.stack ?? error.message}`));
  page.on("request", (request) => {
    const { protocol, origin: asked } = new URL(request.url());
    if (!OWN_PROTOCOLS.includes(protocol) && asked !== origin) complain(`a request to ${request.url()}`);
  });
}

async function keep(page: Page, name: string): Promise<void> {
  mkdirSync(keepsakes, { recursive: true });
  const file = `${name.replaceAll(/[^\w-]+/g, "-").slice(0, 80)}.png`;
  // A page that crashed has no picture; the test has failed anyway.
  await page.screenshot({ path: join(keepsakes, file), fullPage: true }).catch(() => {});
}
