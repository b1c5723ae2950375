import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createSite } from "#netlify/site.ts";
import { compileSite } from "#stack/compile.ts";

let project: string;
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), "nightshift-compile-"));
  for (const folder of ["netlify/functions", "src", "local/netlify"])
    mkdirSync(join(project, folder), { recursive: true });
  for (const name of ["one", "two"])
    write(
      `netlify/functions/${name}.ts`,
      `import { words } from "../../src/words.ts";
      export default () => new Response("${name}: " + words);
      export const config = { path: "/${name}" };`,
    );
  write("src/words.ts", `export const words: string = "first";`);
  write("local/netlify/server.ts", "");
  write("local/clock-preload.ts", "");
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

const write = (path: string, text: string) => writeFileSync(join(project, path), text);
const siteOf = (folder: string) =>
  createSite({
    functionsDir: join(folder, "source"),
    compiledDir: join(folder, "functions"),
    publishDir: project,
  });
const left = () => readdirSync(join(project, ".nightshift"));

test("a compiled site does not read the source any more", async () => {
  // Emacs marks a file with unsaved changes by such a link.
  symlinkSync("nowhere", join(project, "netlify/functions/.#one.ts"));
  const { folder } = await compileSite(project);
  write("netlify/functions/two.ts", "export const config = {");
  write("src/words.ts", "throw new Error();");
  const site = siteOf(folder);
  expect(await site.warmUp()).toEqual([]);
  expect(await (await site.fetch(new Request("http://localhost/two"))).text()).toBe("two: first");
});

test("code with errors is refused with the line, and leaves no files", async () => {
  write("src/words.ts", "export const words = ;");
  await expect(compileSite(project)).rejects.toThrow(/cannot be compiled.*\n.*src\/words\.ts:1:21: ERROR/);
  expect(left()).toEqual([]);
});

test("a folder is removed at the end, or by the next start when its process was killed", async () => {
  const code = await compileSite(project);
  mkdirSync(code.folder.replace(/compiled-\d+/, "compiled-999999999"));
  const next = await compileSite(project);
  expect(left()).toHaveLength(2);
  await next.remove();
  expect(existsSync(next.folder)).toBe(false);
  expect(existsSync(code.folder)).toBe(true);
});

test("a folder in which nothing can be written is named", async () => {
  write(".nightshift", "not a folder");
  await expect(compileSite(project)).rejects.toMatchObject({
    message: expect.stringContaining(`No code can be compiled into ${join(project, ".nightshift")}`),
    wayOut: "Give the folder to your user (chown, chmod).",
  });
});
