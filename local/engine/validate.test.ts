import { expect, test } from "vitest";
import cases from "../../tests/fixtures/inngest/registrations.json" with { type: "json" };
import { RegistrationRefused, readFunctions } from "./validate.ts";

/** Configurations that the real server accepts and this engine refuses: what it does not model, and invalid keys. */
const refusedHere = new Set([
  "cron jitter",
  "concurrency string",
  "debounce timeout bad",
  "priority unknown",
  "cancel !",
  "cancel >",
  "cancel timeout date",
  "timeouts neg",
  "timeouts finish neg",
  "throttle bad key",
  "singleton bad key",
  "runtime ws",
  "optimizeParallelism",
]);

const runtime = { type: "http", url: "http://127.0.0.1:1/api/inngest" };
const given = { id: "app-fn", name: "fn", steps: { step: { id: "step", name: "step", runtime } } };

function problemsOf(config: object): string[] {
  try {
    readFunctions([{ ...given, ...config }]);
    return [];
  } catch (error) {
    if (error instanceof RegistrationRefused) return error.problems;
    throw error;
  }
}

test.each(cases.configurations.map(({ name, config, taken }) => [name, config, taken] as const))(
  "%s",
  (name, config, taken) => {
    const problems = problemsOf(config);
    if (refusedHere.has(name))
      expect(problems.join()).toMatch(/modelled by the local engine|key expression is invalid|`concurrency`/);
    else expect({ name, taken: problems.length === 0, problems }).toMatchObject({ name, taken });
  },
);
