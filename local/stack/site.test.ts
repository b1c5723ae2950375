import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startSite } from "#stack/site.ts";

let project: string;
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), "nightshift-site-"));
  for (const folder of ["netlify/functions", "local/netlify"])
    mkdirSync(join(project, folder), { recursive: true });
  write("local/netlify/server.ts", "");
  write("local/clock-preload.ts", "");
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

const write = (path: string, text: string) => writeFileSync(join(project, path), text);
const left = () => readdirSync(join(project, ".nightshift"));
const options = {
  port: undefined,
  dataDir: "",
  reset: false,
  ephemeral: true,
  inngest: false,
  timeScale: 1,
};

/** A site whose process loads the code or does not, as `answers` say. */
function start(answers: (string | undefined)[] = []) {
  const commands: string[] = [];
  const site = startSite({
    projectDir: project,
    options,
    run(command) {
      commands.push(command.join(" "));
      return {
        name: "site",
        pid: 1,
        ready: Promise.resolve(),
        replace: async (next) => {
          commands.push(next.join(" "));
          return answers.shift();
        },
        stop: async () => {},
      };
    },
  });
  return { site, commands };
}

test("an edit is compiled into a folder of its own, and the folder before is removed", async () => {
  const { site, commands } = start([undefined]);
  await site.ready;
  const [before = ""] = left();
  expect(await site.replace("src/x.ts")).toBeUndefined();
  const [after = ""] = left();
  expect(after).not.toBe(before);
  expect(left()).toEqual([after]);
  expect(commands[1]).toContain(join(after, "server.mjs"));
  await site.remove();
  expect(left()).toEqual([]);
});

test.each([
  ["code that cannot be loaded", "", "it ended with exit code 1"],
  ["code with errors", "const x = ;", /server\.ts:1:10: ERROR/],
])("%s changes nothing for the running site", async (_, source, why) => {
  const { site } = start(["it ended with exit code 1"]);
  await site.ready;
  const [before = ""] = left();
  write("local/netlify/server.ts", source);
  expect(await site.replace("src/x.ts")).toMatch(why);
  expect(left()).toEqual([before]);
  expect(existsSync(join(project, ".nightshift", before, "server.mjs"))).toBe(true);
});
