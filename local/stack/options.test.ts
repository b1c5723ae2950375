import { createServer } from "node:net";
import { resolve } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { callersEnvironment } from "#stack/environment.ts";
import { StackError } from "#stack/errors.ts";
import { readOptions } from "#stack/options.ts";
import { choosePorts } from "#stack/ports.ts";

describe("flags", () => {
  test("have defaults", () => {
    expect(readOptions([])).toEqual({
      port: undefined,
      dataDir: resolve(".nightshift"),
      reset: false,
      ephemeral: false,
      inngest: false,
      timeScale: 1,
    });
    expect(readOptions(["--help", "--reset"])).toBeUndefined();
  });

  test("let the clock of an ephemeral stack run faster", () => {
    expect(readOptions(["--ephemeral", "--time-scale", "60"])).toMatchObject({ timeScale: 60 });
    expect(readOptions(["--time-scale", "1"])).toMatchObject({ timeScale: 1 });
  });

  test.each([
    { what: "an unknown flag", args: ["--colour"], says: /--colour/ },
    { what: "a port that is no number", args: ["--port", "http"], says: /--port must be a number from 1 to/ },
    {
      what: "--ephemeral with a folder",
      args: ["--ephemeral", "--data-dir", ".nightshift"],
      says: "--ephemeral has a new folder of its own: it takes no --data-dir.",
    },
    {
      what: "--ephemeral with nothing to throw away",
      args: ["--reset", "--ephemeral"],
      says: "--ephemeral has a new folder of its own: there is nothing to --reset.",
    },
    {
      what: "--time-scale for data that stays",
      args: ["--time-scale", "60"],
      says: "--time-scale would store times in the data folder that are wrong for the next start.",
    },
  ])("$what is refused", ({ args, says }) => {
    expect(() => readOptions(args)).toThrow(says);
    expect(() => readOptions(args)).toThrow(StackError);
  });
});

describe("ports", () => {
  /** The first of four free ports in a row. Other programs on this machine use ports too. */
  async function freeBlock(): Promise<number> {
    for (;;) {
      const { site: port } = await choosePorts({ port: undefined, ephemeral: true });
      const isFree = choosePorts({ port, ephemeral: false }).then(
        () => true,
        () => false,
      );
      if (await isFree) return port;
    }
  }

  test("are four different free ones", async () => {
    const ports = await choosePorts({ port: undefined, ephemeral: true });
    expect(new Set(Object.values(ports)).size).toBe(4);
  });

  test("that are in use are an error, unless that service runs elsewhere", async () => {
    const port = await freeBlock();
    const asked = { port, ephemeral: false };
    const others = [createServer(), createServer()];
    try {
      await Promise.all(
        others.map(
          (server, at) => new Promise<void>((done) => server.listen(port + 1 + at, "127.0.0.1", done)),
        ),
      );
      await expect(choosePorts(asked)).rejects.toThrow(`Port ${port + 1}, where Supabase would listen`);
      await expect(choosePorts(asked, { supabase: true })).rejects.toThrow(
        `Port ${port + 2}, where the engine`,
      );
      await expect(choosePorts(asked, { supabase: true, engine: true })).resolves.toEqual({
        site: port,
        supabase: port + 1,
        engine: port + 2,
        mail: port + 3,
      });
    } finally {
      await Promise.all(others.map((server) => new Promise((done) => server.close(done))));
    }
  });
});

describe("the caller's environment", () => {
  const before = process.env;
  afterEach(() => {
    process.env = before;
  });
  const set = (INNGEST_DEV: string) => {
    process.env = { ...before, INNGEST_DEV };
  };

  test.each(["1", "0", "true", ""])("INNGEST_DEV=%j does not name an external engine", (value) => {
    set(value);
    expect(callersEnvironment({ ephemeral: false })).not.toHaveProperty("INNGEST_DEV");
  });

  test("INNGEST_DEV with an address names an external engine, but not for an ephemeral stack", () => {
    set("http://127.0.0.1:8288");
    expect(callersEnvironment({ ephemeral: false })).toHaveProperty("INNGEST_DEV", "http://127.0.0.1:8288");
    expect(callersEnvironment({ ephemeral: true })).not.toHaveProperty("INNGEST_DEV");
  });
});
