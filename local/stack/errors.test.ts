import { expect, test } from "vitest";
import { errorForTerminal, StackError } from "#stack/errors.ts";

const refused = (code: string, message: string) => Object.assign(new Error(message), { code });

test.each([
  ["ours", new StackError("It is so.", "Do this."), "\nIt is so.\nDo this.\n"],
  [
    "the system's",
    refused("ENOSPC", "ENOSPC: no space left on device, write"),
    "\nThe disk is full: ENOSPC: no space left on device, write.\nMake room, or choose a data folder on another disk: npm start -- --data-dir <path>.\n",
  ],
  [
    "Postgres's, which has no code",
    new Error('could not write to file "base/4/1247": No space left on device'),
    /^\nThe disk is full: could not write .*\nMake room/,
  ],
])("an expected error is shown in two sentences: %s", (_, error, expected) => {
  if (typeof expected === "string") expect(errorForTerminal(error)).toBe(expected);
  else expect(errorForTerminal(error)).toMatch(expected);
});

test("an unexpected error keeps its stack trace", () => {
  const mistake = new TypeError("x is not a function");
  expect(errorForTerminal(mistake)).toBe(mistake);
});
