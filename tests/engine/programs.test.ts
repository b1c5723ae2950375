/**
 * Random programs: the engine's result must equal the direct evaluation, and every step must run exactly as often as
 * its failures require. PROGRAMS=2000 is the long form; a failure prints the seed, and PROGRAMS_SEED=<n> repeats it.
 */
import { seeded } from "@nightshift/local/engine/seeded.ts";
import { eventType, referenceFunction, staticSchema } from "inngest";
import { expect, test } from "vitest";
import { startKitApp } from "./support/kit-app.ts";
import {
  interpret,
  type Program,
  RETRIES,
  randomProgram,
  triesOf,
  type Value,
  valueOf,
} from "./support/programs.ts";

const MODES = [
  ["checkpointing on", { client: true }],
  ["checkpointing off in the app", { client: false }],
  ["checkpointing off in the engine", { checkpointing: false }],
  ["checkpoints buffered", { client: { bufferedSteps: 10 } }],
  ["parallel steps of the older kind", { optimizeParallelism: false }],
] as const;

const TOTAL = Number(process.env["PROGRAMS"] ?? 60);
const SEED = Number(process.env["PROGRAMS_SEED"] ?? Math.floor(Math.random() * 1e9));
const IN_FLIGHT = 25;

type Ask = { program: Program; key: string; path: string };
const letter = eventType("programs/letter", { schema: staticSchema<{ at: string; value: number }>() });
const asked = eventType("programs/asked", { schema: staticSchema<Ask>() });

test.each(MODES)("random programs give the right result, %s", { timeout: 600_000 }, async (mode, options) => {
  const entered = new Map<string, Map<string, number>>();
  const { engine } = await startKitApp(
    (inngest) => [
      inngest.createFunction(
        { id: "program", retries: RETRIES, triggers: [asked] },
        ({ event, step, group }) => {
          const { program, key, path } = event.data;
          const counts = entered.get(key) ?? new Map<string, number>();
          entered.set(key, counts);
          return interpret(
            program,
            {
              step,
              group,
              key,
              enter: (at) => {
                const before = counts.get(at) ?? 0;
                counts.set(at, before + 1);
                return before;
              },
              invoke: (id, data) => step.invoke(id, { function: self, data }) as Promise<Value>,
            },
            path,
          );
        },
      ),
      inngest.createFunction({ id: "postman", retries: 0, triggers: [letter] }, async ({ event, step }) => {
        await step.sleep("on-the-way", "1m");
        await step.sendEvent("deliver", { name: "programs/met", data: event.data });
      }),
    ],
    options,
  );
  const self = referenceFunction({ functionId: "program" });

  const count = Math.ceil(TOTAL / MODES.length);
  const random = seeded(SEED);
  for (let done = 0; done < count; done += IN_FLIGHT) {
    const programs = Array.from({ length: Math.min(IN_FLIGHT, count - done) }, () => randomProgram(random));
    const ids = await engine.send(
      programs.map((program, index) => ({
        name: asked.name,
        data: { program, key: `${done + index}`, path: "p" },
      })),
    );
    for (const [index, program] of programs.entries()) {
      const where = `${mode}, program ${done + index}, PROGRAMS_SEED=${SEED}: ${JSON.stringify(program)}`;
      const run = await engine.run(ids[index] ?? "", "program", { within: "60d" });
      expect({ where, output: run.output }).toEqual({ where, output: valueOf(program) });
      const tries = Object.fromEntries(entered.get(`${done + index}`) ?? []);
      expect({ where, tries }).toEqual({ where, tries: Object.fromEntries(triesOf(program)) });
    }
  }
  await engine.close();
});
