/** Large packages. Each package must be in the bundles that need it, and in no other bundles. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import type { Door } from "./manifest.ts";

/**
 * For each package, the doors that need the package. sharp has 19 MB and Typst 51 MB, nearly all of them native
 * libraries.
 */
const HEAVY: Readonly<Record<string, readonly string[]>> = {
  sharp: ["inngest"],
  "@myriaddreamin/typst-ts-node-compiler": ["inngest"],
};

export const misplaced = (
  { name, path }: Pick<Door, "name" | "path">,
  carries = (folder: string) => existsSync(folder),
): string[] =>
  Object.entries(HEAVY).flatMap(([heavy, doors]) => {
    const isCarried = carries(join(path, "node_modules", heavy));
    if (isCarried === doors.includes(name)) return [];
    return isCarried
      ? `${name}: carries ${heavy}, which only ${doors.join(", ")} needs: some file that src/app.ts reaches imports it.`
      : `${name}: does not carry ${heavy}, which it needs.`;
  });

/**
 * Checks that the bundled image library works. The bundle of this machine contains this machine's native library;
 * Netlify's build installs its own.
 */
export const drawsPictures = async ({ name, path }: Door): Promise<string[]> => {
  if (HEAVY["sharp"]?.includes(name) !== true) return [];
  const draw = resolve(import.meta.dirname, "draw.mjs");
  try {
    await promisify(execFile)(process.execPath, [draw, path], { cwd: path, timeout: 60_000 });
    return [];
  } catch (error) {
    return [`${name}: its sharp makes no picture: ${error instanceof Error ? error.message : String(error)}`];
  }
};

/** The size of the unpacked bundle in MB. Netlify accepts up to 250. */
export async function megabytesOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map(({ parentPath, name }) => stat(join(parentPath, name))));
  return sizes.reduce((sum, { size }) => sum + size, 0) / 1024 / 1024;
}

export const tooLarge = (name: string, megabytes: number): string[] =>
  megabytes <= MAX_MEGABYTES
    ? []
    : [`${name}: ${megabytes.toFixed(0)} MB unpacked, Netlify takes ${MAX_MEGABYTES}.`];

const MAX_MEGABYTES = 250;
