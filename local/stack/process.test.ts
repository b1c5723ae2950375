import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { type ManagedProcess, runProcess } from "#stack/process.ts";

const folder = mkdtempSync(join(tmpdir(), "nightshift-process-"));
const started: ManagedProcess[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const one of started.splice(0)) await one.stop();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const local = join(import.meta.dirname, "..");
const patiently = { timeout: 60_000 };

/** A part of a stack: a script that gets `child.ts` and `listen.ts`. */
function run(source: string, more: { startPatienceMs?: number; port?: number; logFile?: string } = {}) {
  const said: string[] = [];
  const script = join(folder, "part.mts");
  const write = (text: string) =>
    writeFileSync(
      script,
      `import { childOfTheStack } from "${local}/stack/child.ts";
       import { listen } from "${local}/netlify/listen.ts";\n${text}`,
    );
  write(source);
  const command = [process.execPath, "--import", "tsx", script] as const;
  const part = runProcess({
    name: "part",
    command,
    env: { PATH: process.env["PATH"] ?? "", PORT: String(more.port ?? 0) },
    cwd: local,
    logFile: more.logFile ?? join(folder, "part.log"),
    say: (message) => said.push(message),
    ...more,
  });
  started.push(part);
  return { part, said, write, command };
}

/** A site that answers with a word. `/slow` answers when the file `go` exists. */
const site = (word: string) => `
  import { existsSync } from "node:fs";
  let end = () => {};
  const child = childOfTheStack({ stop: () => end() });
  const answer = async ({ url }) => {
    while (url.endsWith("/slow") && !existsSync("${folder}/go")) await new Promise((again) => setTimeout(again, 20));
    return new Response("${word}");
  };
  await child.mayListen();
  const { port, close } = await listen({ fetch: answer }, Number(process.env.PORT));
  end = close;
  child.ready({ port });
`;

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? (address?.port ?? 0) : 0));
    });
  });

test("a replaced process finishes its requests, and later requests reach the new one", async () => {
  const port = await freePort();
  const { part, said, write, command } = run(site("old"), { port });
  await part.ready;
  const once = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  // Between the old process and the new one, no process listens on the port, so the request is repeated.
  const ask = (path = "/"): Promise<string> => once(path).catch(() => ask(path));
  const slow = once("/slow");
  const answers: string[] = [await ask()];
  write(site("new"));
  let isDone = false;
  const replaced = part.replace(command, () => "replaced").finally(() => (isDone = true));
  while (!isDone || answers.at(-1) === "old") answers.push(await ask());
  expect(await replaced).toBeUndefined();
  expect(new Set(answers)).toEqual(new Set(["old", "new"]));
  expect(said).toEqual(["replaced"]);
  writeFileSync(join(folder, "go"), "");
  expect(await slow).toBe("old");
});

test("a process that is replaced while it waits for its restart is not started twice", async () => {
  const port = await freePort();
  const { part, said, write, command } = run(site("old"), { port });
  await part.ready;
  const answer = async () => (await fetch(`http://127.0.0.1:${port}/`)).text();
  // The restart waits until the test lets the time pass.
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  process.kill(part.pid ?? 0, "SIGKILL");
  await expect.poll(() => said).toEqual(["part died (SIGKILL); starting it again."]);
  for (const word of ["new", "newer"]) {
    write(site(word));
    expect(await part.replace(command, () => word)).toBeUndefined();
    await expect.poll(answer).toBe(word);
    vi.advanceTimersByTime(10_000);
  }
  expect(said.slice(1)).toEqual(["new", "newer"]);
});

test("code that cannot be loaded is reported, and the old process continues", async () => {
  const port = await freePort();
  const { part, said, write, command } = run(site("old"), { port });
  await part.ready;
  write("const x = ;");
  expect(await part.replace(command, () => "replaced")).toContain('ERROR: Unexpected ";"');
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("old");
  expect(said).toEqual([]);
});

/** Replaces a part by code that never finishes loading. Resolves once that code runs. */
async function hang({ part, write, command }: Pick<ReturnType<typeof run>, "part" | "write" | "command">) {
  const file = join(folder, "hanging");
  rmSync(file, { force: true });
  write(`
    import { writeFileSync } from "node:fs";
    childOfTheStack({ stop() {} });
    writeFileSync("${file}", String(process.pid));
    await new Promise(() => {});
  `);
  const replaced = part.replace(command, () => "replaced");
  const pid = () => (existsSync(file) ? Number(readFileSync(file, "utf8")) : 0);
  await expect.poll(pid, patiently).toBeGreaterThan(0);
  return { replaced, pid: pid() };
}

test("code that never finishes loading is ended and reported, and later code is loaded", async () => {
  const port = await freePort();
  const { part, said, write, command } = run(site("old"), { port });
  await part.ready;
  const answer = async () => (await fetch(`http://127.0.0.1:${port}/`)).text();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const { replaced, pid } = await hang({ part, write, command });
  vi.advanceTimersByTime(30_000);
  expect(await replaced).toContain("The code was not loaded within 30 s.");
  expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  expect(await answer()).toBe("old");
  write(site("new"));
  expect(await part.replace(command, () => "new")).toBeUndefined();
  await expect.poll(answer).toBe("new");
  expect(said).toEqual(["new"]);
});

test("a process that is still loading ends with the stack", async () => {
  const { part, said, write, command } = run(site("old"));
  await part.ready;
  const { replaced, pid } = await hang({ part, write, command });
  await part.stop();
  expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  expect(await replaced).toBeDefined();
  expect(said).toEqual([]);
});

test("a process that hangs at its start is reported in a sentence and ended", async () => {
  const { part } = run("setInterval(() => {}, 1_000);", { startPatienceMs: 1_500 });
  await expect(part.ready).rejects.toMatchObject({
    message: "part did not start: it is not ready after 1.5 s",
    wayOut: `Its log: ${join(folder, "part.log")}`,
  });
  const { pid = 0 } = part;
  await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow("ESRCH"), patiently);
});

test.runIf(process.platform === "linux")(
  "a log on a full disk is reported once and stops nothing",
  async () => {
    const source = `
    const child = childOfTheStack({ stop() {} });
    setInterval(() => console.log("one line"), 50);
    child.ready({ port: 1 });
  `;
    const { part, said } = run(source, { logFile: "/dev/full" });
    await part.ready;
    const full =
      "/dev/full cannot be written (ENOSPC: no space left on device, write); the stack goes on without it.";
    await vi.waitFor(() => expect(said).toEqual([full]), patiently);
    expect(() => process.kill(part.pid ?? 0, 0)).not.toThrow();
  },
);
