import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { commandOptions } from "@nightshift/local/command-options.ts";
import { startStack } from "@nightshift/local/stack/stack.ts";
import { dashboardOf } from "@nightshift/local/stack/table.ts";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import sharp from "sharp";
import { launchChromium } from "./support/chromium.ts";
import { findOrFetchChromium } from "./support/get-chromium.ts";
import { type Scene, scenesOf } from "./support/scenes.ts";
import { storySettings, tellStory } from "./support/story.ts";

const help = `npm run screenshots [-- --only images] [-- --out <folder>]

Takes the pictures of docs/dashboard.md: every view in light, in dark and on a phone, from a stack of its own in which an hour
of work has just happened.`;

const desktop = { width: 1280, height: 832 };
const looks: Record<string, BrowserContextOptions> = {
  light: { colorScheme: "light", viewport: desktop },
  dark: { colorScheme: "dark", viewport: desktop },
  phone: {
    colorScheme: "light",
    viewport: { width: 390, height: 844 },
    deviceScaleFactor: 2,
    hasTouch: true,
  },
};

/** Settled: nothing is loading and no transition is running. */
async function settle(page: Page): Promise<void> {
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.locator("[aria-busy=true], .loading").first().waitFor({ state: "detached" });
  await page.evaluate(() => Promise.all([...document.images].map((image) => image.decode().catch(() => {}))));
  await page.evaluate(() => new Promise((painted) => requestAnimationFrame(() => setTimeout(painted, 1500))));
}

/** In a picture, the paths of an error's stack begin at the project's folder and not at the root of the machine. */
const shortenPaths = (page: Page): Promise<void> =>
  page.evaluate(
    (project) => {
      const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      for (let text = texts.nextNode(); text !== null; text = texts.nextNode())
        text.nodeValue = text.nodeValue?.replaceAll(project, "") ?? null;
    },
    `${resolve(import.meta.dirname, "../..")}/`,
  );

async function picture(page: Page, file: string): Promise<void> {
  // A palette of 256 colors is enough for a page, and takes a third of the bytes.
  const png = await sharp(await page.screenshot({ animations: "disabled" }))
    .png({ palette: true, quality: 90, effort: 10 })
    .toBuffer();
  writeFileSync(file, png);
  console.log(`${file}  ${Math.round(png.length / 1024)} KB`);
}

/** Each scene is taken in all themes before the next one, because some scenes do not last. */
async function takeAll(
  browser: Browser,
  site: string,
  scenes: readonly Scene[],
  folder: string,
): Promise<void> {
  const pages: { look: string; page: Page }[] = [];
  for (const [look, options] of Object.entries(looks)) {
    const page = await browser.newPage({ ...options, reducedMotion: "reduce" });
    await page.goto(site);
    pages.push({ look, page });
  }
  for (const { name, view, isTall, before, act } of scenes) {
    await before?.();
    for (const { look, page } of pages) {
      const { width, height } = looks[look]?.viewport ?? desktop;
      await page.setViewportSize({ width, height: isTall ? Math.round(height * 1.4) : height });
      await page.evaluate((to) => void (location.hash = to), view);
      await act?.(page);
      await settle(page);
      await shortenPaths(page);
      await picture(page, join(folder, `${name}-${look}.png`));
    }
  }
}

async function main(): Promise<void> {
  const { values } = commandOptions(help, {
    options: {
      only: { type: "string" },
      out: { type: "string", default: resolve(import.meta.dirname, "../../docs/screenshots") },
    },
  });
  const executable = findOrFetchChromium();
  const stack = await startStack(
    { port: undefined, dataDir: "", reset: false, ephemeral: true, inngest: false, timeScale: 1 },
    {
      say: (words) => console.error(words),
      environment: storySettings,
    },
  );
  const browser = await launchChromium(executable);
  try {
    const all = scenesOf(await tellStory(stack));
    const scenes = all.filter(({ name }) => values.only === undefined || name === values.only);
    if (values.only === undefined) rmSync(values.out, { recursive: true, force: true });
    mkdirSync(values.out, { recursive: true });
    await takeAll(browser, dashboardOf(stack.ports.site, stack.keys.admin), scenes, values.out);
  } finally {
    await browser.close();
    await stack.stop();
  }
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
