import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createSite } from "#netlify/site.ts";
import { compile } from "#stack/compile.ts";

let project: string;
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), "nightshift-compile-"));
  mkdirSync(join(project, "netlify/functions"), { recursive: true });
  mkdirSync(join(project, "src"));
  for (const name of ["one", "two"])
    write(
      `netlify/functions/${name}.ts`,
      `import { words } from "../../src/words.ts";
      export default () => new Response("${name}: " + words);
      export const config = { path: "/${name}" };`,
    );
  write("src/words.ts", `export const words: string = "first";`);
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

const write = (path: string, text: string) => writeFileSync(join(project, path), text);
const functionsDir = () => join(project, "netlify/functions");
const modules = () => ({
  "functions/one": "netlify/functions/one.ts",
  "functions/two": "netlify/functions/two.ts",
});
const compiled = () => compile(project, modules);

test("the site answers with the compiled functions", async () => {
  const code = await compiled();
  write("netlify/functions/two.ts", `export const config = { path: "/two" }; throw new Error("the source");`);
  const compiledDir = join(code.folder, "functions");
  const site = createSite({ functionsDir: functionsDir(), compiledDir, publishDir: project });
  expect(await site.warmUp()).toEqual([]);
  expect(await (await site.fetch(new Request("http://localhost/two"))).text()).toBe("two: first");
});

test("code with errors is not compiled: the reason names the line, and the compiled modules stay", async () => {
  const code = await compiled();
  const before = readdirSync(code.folder);
  write("src/words.ts", "export const words = ;");
  expect(await code.again()).toMatch(/src\/words\.ts:1:21: ERROR/);
  expect(readdirSync(code.folder)).toEqual(before);
  await expect(compiled()).rejects.toThrow("The code cannot be compiled");
});

test("compiling again replaces all modules and leaves no old ones", async () => {
  const code = await compiled();
  const [count, before] = [readdirSync(code.folder).length, chunksOf(code.folder)];
  write("src/words.ts", `export const words: string = "second";`);
  expect(await code.again()).toBeUndefined();
  expect(chunksOf(code.folder)).not.toEqual(before);
  expect(readdirSync(code.folder)).toHaveLength(count);
});

test("the folder is removed at the end, or by the next start when its process was killed", async () => {
  const code = await compiled();
  const left = code.folder.replace(/compiled-\d+/, "compiled-999999999");
  mkdirSync(left);
  const next = await compiled();
  expect(existsSync(left)).toBe(false);
  expect(existsSync(code.folder)).toBe(true);
  await next.remove();
  expect(existsSync(next.folder)).toBe(false);
});

const chunksOf = (folder: string) => readdirSync(folder).filter((name) => name.startsWith("chunk-"));
