/**
 * Unexpected console output fails a test, so that warnings are noticed. A test that expects output replaces this
 * recorder with `vi.spyOn(console, "warn").mockImplementation(() => {})`.
 */
import { format } from "node:util";
import { afterAll, afterEach } from "vitest";

const METHODS = ["debug", "error", "info", "log", "trace", "warn"] as const;
const real = Object.fromEntries(METHODS.map((method) => [method, console[method]]));
let said: string[] = [];

for (const method of METHODS)
  console[method] = (...words: unknown[]) => {
    said.push(`console.${method}: ${format(...words)}`);
  };

const expectSilence = () => {
  const output = said;
  said = [];
  if (output.length > 0) throw new Error(`Unexpected console output:\n${output.join("\n")}`);
};

afterEach(expectSilence);
afterAll(() => {
  Object.assign(console, real);
  expectSilence();
});
