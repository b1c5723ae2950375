import { type Compiled, compileSite } from "#stack/compile.ts";
import { commandOfSite } from "#stack/node.ts";
import type { Options } from "#stack/options.ts";
import type { ManagedProcess } from "#stack/process.ts";

type Settings = {
  projectDir: string;
  options: Options;
  /** Starts the process. */
  run(command: [string, ...string[]]): ManagedProcess;
};

/** Compiles the site, starts its process, and replaces both after an edit. */
export function startSite({ projectDir, options, run }: Settings) {
  let current: Promise<Compiled> = compileSite(projectDir);
  const starting = current.then((code) => run(commandOfSite(options, code)));
  const ready = starting.then((site) => site.ready);
  ready.catch(() => {}); // The start of the stack awaits it, after the database
  return {
    ready,
    /** `file` is one of the edited files. Returns undefined, or why the edited code cannot be compiled or loaded. */
    async replace(file: string): Promise<string | undefined> {
      const startedAt = performance.now();
      const seconds = () => ((performance.now() - startedAt) / 1000).toFixed(1);
      const site = await starting;
      const next = await compileSite(projectDir).catch(messageOf);
      if (typeof next === "string") return next;
      const command = commandOfSite(options, next);
      const why = await site.replace(command, () => `${file} was edited: the site runs it (${seconds()} s).`);
      // The folder of the code that no longer runs is removed. A replaced process that finishes its requests has loaded
      // everything from its folder. A process that was not replaced keeps its folder, because it may be started again.
      const unused = why === undefined ? await current : next;
      if (why === undefined) current = Promise.resolve(next);
      await unused.remove();
      return why;
    },
    async remove(): Promise<void> {
      await current.then(
        (code) => code.remove(),
        () => {}, // The code was not compiled
      );
    },
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
