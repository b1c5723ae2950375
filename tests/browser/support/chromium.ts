import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { fetchedChromium } from "./fetched-chromium.ts";

/** Names on Linux's PATH, in the order in which they are tried. */
const commands = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"];
const macApps = ["Google Chrome", "Chromium", "Google Chrome Canary"].map(
  (name) => `/Applications/${name}.app/Contents/MacOS/${name}`,
);

export type Machine = {
  env: Record<string, string | undefined>;
  platform: NodeJS.Platform;
  isProgram: (path: string) => boolean;
  /** The one that an earlier run fetched. */
  fetched: string | undefined;
};

const thisMachine = (): Machine => ({
  env: process.env,
  platform: process.platform,
  isProgram,
  fetched: fetchedChromium(),
});

/**
 * The Chromium of this machine: the one that `CHROMIUM` names, an installed one, Playwright's own, or one that an
 * earlier run fetched.
 */
export function findChromium(
  { env, platform, isProgram, fetched }: Machine = thisMachine(),
): string | undefined {
  const named = env["CHROMIUM"];
  // A wrong name is an error, because its author believes that it is used.
  if (named !== undefined && named !== "") {
    if (isProgram(named)) return named;
    throw new Error(`CHROMIUM is "${named}", and there is no such program.`);
  }
  const onPath = (env["PATH"] ?? "")
    .split(delimiter)
    .flatMap((folder) => commands.map((command) => join(folder, command)));
  const installed = platform === "darwin" ? [...macApps, ...onPath] : onPath;
  const downloaded = fetched === undefined ? [] : [fetched];
  return [...installed, chromium.executablePath(), ...downloaded].find((path) => isProgram(path));
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The message for users whose machine has no Chromium. */
export const howToGetChromium = (platform: NodeJS.Platform = process.platform): string => {
  const command =
    platform === "darwin"
      ? "brew install --cask chromium (or install Google Chrome)"
      : platform === "linux"
        ? "apt-get install chromium (Debian), snap install chromium (Ubuntu) or dnf install chromium (Fedora)"
        : "npx playwright-core install chromium";
  return `There is no Chromium on this machine. To get one: ${command}; or set CHROMIUM to the path of one.`;
};

/** Headless, and without connections to the outside: Chromium would ask for updates and its maker's services. */
const flags = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-gpu",
  "--disable-quic",
  "--disable-sync",
  "--no-first-run",
];

export const launchChromium = (executablePath: string): Promise<Browser> =>
  chromium.launch({ executablePath, args: flags });
