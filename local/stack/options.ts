import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { StackError } from "#stack/errors.ts";

export type Options = {
  /** The site's port. The other ports are the following numbers. Undefined means the default ports. */
  port: number | undefined;
  dataDir: string;
  reset: boolean;
  ephemeral: boolean;
  inngest: boolean;
  timeScale: number;
};

export const help = `npm start -- [flags]   runs the whole stack on this machine

  --port <n>         the site's port; Supabase, engine and inbox take the three after it
                     (without it: 8888, 54321, 8288 and 54324)
  --data-dir <path>  where the data is stored (.nightshift)
  --reset            delete the data in that folder first
  --ephemeral        free ports and a temporary folder that is removed at the end; not with the two above
  --inngest          the real Inngest Dev Server instead of the local engine (npm run start:inngest)
  --time-scale <n>   let the stack's clock run n times faster; only with --ephemeral. Recommended: 60, an hour in a
                     minute. Much more (such as 600) can be too fast for a busy machine
  --help             this

DATABASE_URL uses that Postgres (15 or newer) instead of starting one; SUPABASE_URL with SUPABASE_SECRET_KEY uses a hosted
project. A file named .env is read; variables that are set already win over it.`;

/** Undefined when help was requested. */
export function readOptions(args: readonly string[]): Options | undefined {
  const { values } = parse(args);
  if (values.help) return undefined;
  const dataDir = values["data-dir"];
  if (values.ephemeral && (dataDir !== undefined || values.reset)) {
    throw new StackError(
      `--ephemeral has a new folder of its own: ${dataDir === undefined ? "there is nothing to --reset" : "it takes no --data-dir"}.`,
      "Leave out one of the two.",
    );
  }
  const timeScale = numberOf("--time-scale", values["time-scale"], 0.01, 100_000);
  // Times that are stored in the future would stop schedules, rate limits and sleeps after the next start.
  if (timeScale !== 1 && !values.ephemeral) {
    throw new StackError(
      "--time-scale would store times in the data folder that are wrong for the next start.",
      "Use it with a temporary folder: npm start -- --ephemeral --time-scale <n>",
    );
  }
  return {
    port: values.port === undefined ? undefined : numberOf("--port", values.port, 1, 65_532),
    dataDir: resolve(dataDir ?? ".nightshift"),
    reset: values.reset,
    ephemeral: values.ephemeral,
    inngest: values.inngest,
    timeScale,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: { type: "string" },
        "data-dir": { type: "string" },
        reset: { type: "boolean", default: false },
        ephemeral: { type: "boolean", default: false },
        inngest: { type: "boolean", default: false },
        "time-scale": { type: "string", default: "1" },
        help: { type: "boolean", default: false, short: "h" },
      },
    });
  } catch (error) {
    throw new StackError(
      error instanceof Error ? error.message : String(error),
      "npm start -- --help lists the flags.",
    );
  }
}

function numberOf(flag: string, text: string, min: number, max: number): number {
  const number = Number(text);
  if (number >= min && number <= max) return number;
  throw new StackError(
    `${flag} must be a number from ${min} to ${max}, not "${text}".`,
    "Try: npm start -- --help",
  );
}
