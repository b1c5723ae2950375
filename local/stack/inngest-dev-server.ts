import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { npm, onDemand } from "#on-demand.ts";
import { StackError } from "#stack/errors.ts";

/** The command that runs the real Inngest Dev Server. npm fetches it at its first use. */
export function inngestDevServer({
  port,
  appUrl,
}: {
  port: number;
  appUrl: string;
}): readonly [string, ...string[]] {
  const wrapper = join(import.meta.dirname, "run-binary.ts");
  const flags = ["dev", "--no-discovery", "--host", "127.0.0.1", "--port", String(port), "--sdk-url", appUrl];
  return [process.execPath, "--import", "tsx", wrapper, String(port), inngestCli(), ...flags];
}

/** The program that the package's install script downloads from GitHub. */
function inngestCli(): string {
  const programIn = (folder: string) =>
    ["bin/inngest", "bin/inngest-cli"].map((name) => join(folder, name)).find((path) => existsSync(path));
  const folder = onDemand("inngest-cli", {
    prepare(made) {
      npm("rebuild", dirname(dirname(made)), "inngest-cli");
      if (programIn(made) === undefined) throw new Error("its program did not come from GitHub");
    },
  });
  const program = programIn(folder);
  if (program !== undefined) return program;
  throw new StackError(`There is no program in ${folder}.`, "Remove that folder and start again.");
}
