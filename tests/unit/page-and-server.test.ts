import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const filesIn = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(ts|tsx|html|css)$/.test(name))
    .map((name) => ({ name: join(folder, name), text: readFileSync(join(root, folder, name), "utf8") }));

/** The imports of a file at run time, without types. */
const importsOf = (text: string) =>
  [...text.matchAll(/^import (?!type )(?:[^"]*? from )?"([^"]+)"/gms)].map(([, from = ""]) => from);

const page = filesIn("src/dashboard");
const server = filesIn("src").filter(({ name }) => !/^src\/(dashboard|client)\//.test(name));

test("S1-21: page and server are separate programs that share only /api, the syntax of merge fields and amounts of money", () => {
  // The live preview fills merge fields as sending does, and an amount reads as in its receipt: pure text, without a call.
  const ofThePage =
    /^(\.\/|#dashboard\/|#client\/|#mail\/template\.ts$|#lib\/money\.ts$|react(-dom)?(\/|$)|uplot(\/|$))/;
  const strangers = page.flatMap(({ name, text }) =>
    importsOf(text)
      .filter((from) => !ofThePage.test(from))
      .map((from) => `${name}: ${from}`),
  );
  expect(strangers).toEqual([]);
  const backwards = server.filter(({ text }) =>
    importsOf(text).some((from) => from.startsWith("#dashboard/")),
  );
  expect(backwards.map(({ name }) => name)).toEqual([]);
});

test("the page's sources load nothing from other hosts", () => {
  const addresses = page.flatMap(({ name, text }) =>
    [...text.matchAll(/https?:\/\/[\w.-]+/g)]
      .map(([address]) => address)
      .filter((address) => address !== "http://www.w3.org")
      .map((address) => `${name}: ${address}`),
  );
  expect(addresses).toEqual([]);
});
