/**
 * Programs for the engine: small trees of steps, sleeps, waits, invokes, parallels and races. The engine runs a tree
 * (`interpret`), and `valueOf` evaluates it directly; both results must be equal.
 */
import type { GetFunctionInput } from "inngest";
import type { Client } from "./app.ts";

export type Program =
  | { kind: "step"; value: number; failures: number }
  /** A step that uses up its tries; the error is caught. */
  | { kind: "broken" }
  | { kind: "sleep"; minutes: number }
  /** Waits for an event that never comes. */
  | { kind: "missed"; minutes: number }
  /** Waits for an event that another function sends a minute later. */
  | { kind: "met"; value: number }
  | { kind: "invoke"; program: Program }
  | { kind: "sequence"; parts: Program[] }
  | { kind: "parallel"; parts: Program[] }
  /** A step against a branch that sleeps long: the step wins for certain, but how far the loser gets is open. */
  | { kind: "race"; value: number; minutes: number }
  /** A step whose value depends on what came before it. */
  | { kind: "measure"; of: Program };

export const RETRIES = 2;

export function randomProgram(random: () => number, depth = 3): Program {
  const whole = (limit: number) => Math.floor(random() * limit);
  const parts = () => Array.from({ length: 1 + whole(3) }, () => randomProgram(random, depth - 1));
  const leaves = ["step", "step", "step", "broken", "sleep", "missed", "met"] as const;
  const branches = [
    "sequence",
    "sequence",
    "parallel",
    "parallel",
    "parallel",
    "race",
    "measure",
    "invoke",
  ] as const;
  const kind = depth > 0 && random() < 0.7 ? branches[whole(branches.length)] : leaves[whole(leaves.length)];
  switch (kind) {
    case "step":
      return { kind, value: whole(100), failures: random() < 0.2 ? 1 + whole(RETRIES) : 0 };
    case "sleep":
    case "missed":
      return { kind, minutes: 1 + whole(90) };
    case "met":
      return { kind, value: whole(100) };
    case "invoke":
      return { kind, program: randomProgram(random, depth - 1) };
    case "sequence":
    case "parallel":
      return { kind, parts: parts() };
    case "race":
      return { kind, value: whole(100), minutes: 1 + whole(90) };
    case "measure":
      return { kind, of: randomProgram(random, depth - 1) };
    default:
      return { kind: "broken" };
  }
}

export type Value = number | string | null | Value[];

export function valueOf(program: Program): Value {
  switch (program.kind) {
    case "step":
    case "met":
    case "race":
      return program.value;
    case "broken":
      return "caught: always";
    case "sleep":
    case "missed":
      return null;
    case "invoke":
      return valueOf(program.program);
    case "sequence":
    case "parallel":
      return program.parts.map(valueOf);
    case "measure":
      break;
  }
  return JSON.stringify(valueOf(program.of)).length;
}

/** How often each step must have run, by its path; the losers of races are left out. */
export function triesOf(
  program: Program,
  path = "p",
  tries = new Map<string, number>(),
): Map<string, number> {
  switch (program.kind) {
    case "step":
      tries.set(path, program.failures + 1);
      break;
    case "broken":
      tries.set(path, RETRIES + 1);
      break;
    case "race":
      tries.set(`${path}.winner`, 1);
      break;
    case "invoke":
      triesOf(program.program, `${path}.i`, tries);
      break;
    case "measure":
      triesOf(program.of, `${path}.m`, tries);
      tries.set(path, 1);
      break;
    case "sequence":
    case "parallel":
      for (const [index, part] of program.parts.entries()) triesOf(part, `${path}.${index}`, tries);
      break;
    case "sleep":
    case "missed":
    case "met":
      break;
  }
  return tries;
}

type Context = GetFunctionInput<Client>;

export type Runner = {
  step: Context["step"];
  group: Context["group"];
  key: string;
  /** Records that a step runs; returns how often it ran before. */
  enter: (path: string) => number;
  invoke: (id: string, data: { program: Program; key: string; path: string }) => Promise<Value>;
};

export async function interpret(program: Program, runner: Runner, path = "p"): Promise<Value> {
  const { step, group, key, enter } = runner;
  switch (program.kind) {
    case "step":
      return step.run(path, () => {
        if (enter(path) < program.failures) throw new Error("not yet");
        return program.value;
      });
    case "broken":
      try {
        await step.run(path, () => {
          enter(path);
          throw new Error("always");
        });
        return "not reached";
      } catch (error) {
        return `caught: ${error instanceof Error ? error.message : "?"}`;
      }
    case "sleep":
      await step.sleep(path, program.minutes * 60_000);
      return null;
    case "missed":
      await step.waitForEvent(path, { event: "programs/never", timeout: program.minutes * 60_000 });
      return null;
    case "met": {
      // In parallel, because a wait that is planned later would miss its event.
      const [met] = await Promise.all([
        step.waitForEvent(path, {
          event: "programs/met",
          timeout: "3h",
          if: `async.data.at == "${key}/${path}"`,
        }),
        step.sendEvent(`${path}.ask`, {
          name: "programs/letter",
          data: { at: `${key}/${path}`, value: program.value },
        }),
      ]);
      return met === null ? "never met" : (met.data as { value: number }).value;
    }
    case "invoke":
      return runner.invoke(path, { program: program.program, key, path: `${path}.i` });
    case "sequence": {
      const values: Value[] = [];
      for (const [index, part] of program.parts.entries())
        values.push(await interpret(part, runner, `${path}.${index}`));
      return values;
    }
    case "parallel":
      return Promise.all(program.parts.map((part, index) => interpret(part, runner, `${path}.${index}`)));
    case "race":
      return group.parallel(() =>
        Promise.race([
          step.run(`${path}.winner`, () => {
            enter(`${path}.winner`);
            return program.value;
          }),
          step.sleep(`${path}.long`, program.minutes * 60_000).then(() => -1),
        ]),
      );
    case "measure":
      break;
  }
  const value = await interpret(program.of, runner, `${path}.m`);
  return step.run(path, () => {
    enter(path);
    return JSON.stringify(value).length;
  });
}
