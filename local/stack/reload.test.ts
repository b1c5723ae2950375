import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { reloadOnEdit } from "#stack/reload.ts";

const patiently = { timeout: 60_000 };
let folder: string;
let stop: () => void;
afterEach(() => {
  stop();
  rmSync(folder, { recursive: true, force: true });
});

function project(loads: (file: string) => string | undefined = () => undefined) {
  folder = mkdtempSync(join(tmpdir(), "nightshift-reload-"));
  for (const path of ["src/campaigns", "src/dashboard", "netlify/functions"])
    mkdirSync(join(folder, path), { recursive: true });
  const done: string[] = [];
  const said: string[] = [];
  const edited = {
    site: async (file: string) => {
      done.push(file);
      return loads(file);
    },
    page: async () => done.push("page"),
  };
  stop = reloadOnEdit(folder, edited, (message) => said.push(message));
  return { done, said, write: (path: string) => writeFileSync(join(folder, path), String(Math.random())) };
}

test("an edit of code reloads the site, an edit of the page rebuilds the page, and tests and notes cause nothing", async () => {
  const { done, write } = project();
  for (const path of ["src/campaigns/plan.test.ts", "src/campaigns/notes.md", "src/campaigns/.plan.ts.swp"])
    write(path);
  write("netlify/functions/api.ts");
  await vi.waitFor(() => expect(done).toEqual(["netlify/functions/api.ts"]), patiently);
  write("src/campaigns/plan.ts");
  await vi.waitFor(() => expect(done.at(-1)).toBe("src/campaigns/plan.ts"), patiently);
  write("src/dashboard/main.tsx");
  await vi.waitFor(() => expect(done.at(-1)).toBe("page"), patiently);
  expect(done).toEqual(["netlify/functions/api.ts", "src/campaigns/plan.ts", "page"]);
});

test("an edit that cannot be loaded is reported, and the next one is loaded", async () => {
  const { done, said, write } = project((file) => (file.includes("bad") ? "SyntaxError" : undefined));
  write("src/bad.ts");
  await vi.waitFor(() => expect(said).toHaveLength(1), patiently);
  expect(said[0]).toBe(
    "src/bad.ts was edited but cannot be loaded; the site goes on as it was.\nSyntaxError",
  );
  write("src/good.ts");
  await vi.waitFor(() => expect(done.at(-1)).toBe("src/good.ts"), patiently);
  expect(said).toHaveLength(1);
});

test("after its end, nothing is reloaded and nothing is printed", async () => {
  const { done, said, write } = project((file) => {
    // A second edit, and the end, while the first edit is loaded.
    write("src/second.ts");
    stop();
    return `${file} cannot be loaded`;
  });
  write("src/first.ts");
  await vi.waitFor(() => expect(done).toEqual(["src/first.ts"]), patiently);
  await new Promise((resolve) => setImmediate(resolve));
  expect(said).toEqual([]);
});
