import { chromium } from "playwright-core";
import { expect, test } from "vitest";
import { findChromium, howToGetChromium, type Machine } from "../browser/support/chromium.ts";

const downloaded = chromium.executablePath();
const chromeForMac = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

const fetched = "/project/.nightshift/tools/chromium";

const machine = (platform: NodeJS.Platform, programs: string[], env: Machine["env"] = {}): Machine => ({
  fetched,
  platform,
  env: { PATH: "/usr/local/bin:/usr/bin", ...env },
  isProgram: (path) => programs.includes(path),
});

test.each<[what: string, machine: Machine, found: string | undefined]>([
  [
    "the one that CHROMIUM names comes first",
    machine("linux", ["/opt/my/chrome", "/usr/bin/chromium"], { CHROMIUM: "/opt/my/chrome" }),
    "/opt/my/chrome",
  ],
  [
    "then an installed one",
    machine("linux", ["/usr/bin/google-chrome", downloaded]),
    "/usr/bin/google-chrome",
  ],
  ["on a Mac, an application", machine("darwin", [chromeForMac, downloaded]), chromeForMac],
  ["then Playwright's own", machine("linux", [downloaded, fetched]), downloaded],
  ["then the one that an earlier run fetched", machine("linux", [fetched]), fetched],
  [
    "an empty CHROMIUM is none",
    machine("linux", ["/usr/bin/chromium"], { CHROMIUM: "" }),
    "/usr/bin/chromium",
  ],
  ["and there may be none", machine("win32", []), undefined],
])("the Chromium to use: %s", (_, machine, found) => {
  expect(findChromium(machine)).toBe(found);
});

test("a CHROMIUM that does not exist is an error, and no other Chromium is used", () => {
  const wrong = machine("linux", ["/usr/bin/chromium"], { CHROMIUM: "/opt/chrom" });
  expect(() => findChromium(wrong)).toThrow('CHROMIUM is "/opt/chrom"');
});

test.each(["linux", "darwin", "win32"] as const)(
  "a machine without Chromium gets instructions: %s",
  (platform) => {
    expect(howToGetChromium(platform)).toMatch(/no Chromium on this machine.* install .*CHROMIUM/);
  },
);
