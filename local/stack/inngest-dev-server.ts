import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { StackError } from "#stack/errors.ts";

/** The command that runs the real Inngest Dev Server from `inngest-cli`, when its binary could be installed. */
export function inngestDevServer({
  port,
  appUrl,
}: {
  port: number;
  appUrl: string;
}): readonly [string, ...string[]] {
  const binary = findBinary();
  if (binary === undefined) {
    throw new StackError(
      "The Inngest Dev Server is not here: inngest-cli is an optional package and its binary was not downloaded.",
      "Run `npm ci && npm rebuild inngest-cli --ignore-scripts=false` where GitHub can be reached, or use the local engine: npm start",
    );
  }
  const wrapper = join(import.meta.dirname, "run-binary.ts");
  const flags = ["dev", "--no-discovery", "--host", "127.0.0.1", "--port", String(port), "--sdk-url", appUrl];
  return [process.execPath, "--import", "tsx", wrapper, String(port), binary, ...flags];
}

function findBinary(): string | undefined {
  const here = createRequire(import.meta.url);
  try {
    const folder = dirname(here.resolve("inngest-cli/package.json"));
    return ["bin/inngest", "bin/inngest-cli", "bin/inngest.exe"]
      .map((name) => join(folder, name))
      .find((path) => existsSync(path));
  } catch {
    return undefined;
  }
}
