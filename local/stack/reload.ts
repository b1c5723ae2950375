import { type FSWatcher, watch } from "node:fs";
import { join } from "node:path";
import type { Say } from "#stack/log.ts";

/** The sources of the site and of its page. */
const folders = ["src", "netlify"];
const partsOfPage = /^src\/(dashboard|client)\//;
/** Files that editors or the stack write, and files that are never loaded. */
const ignored = /(^|\/)\.|~$|\.(test\.ts|md|sw[px]|tmp)$/;
/**
 * The time without changes after which a change counts as complete, because editors write a file in several steps, and
 * changing a branch touches many files.
 */
const quietMs = 150;

export type Edited = {
  /**
   * Called when the functions' code has changed; `file` is one of the changed files. Returns undefined, or why the code
   * cannot be loaded.
   */
  site(file: string): Promise<string | undefined>;
  page(): Promise<unknown>;
};

/**
 * Runs edited source: after each change a new process loads the code, and takes over when the code can be loaded.
 * Changes are handled one after the other. Returns a function that stops the watching.
 */
export function reloadOnEdit(projectDir: string, edited: Edited, say: Say): () => void {
  const changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let isBusy = false;
  let isStopped = false;

  const work = async () => {
    if (isBusy || isStopped || changed.size === 0) return;
    isBusy = true;
    const files = [...changed];
    changed.clear();
    const code = files.find((file) => !partsOfPage.test(file));
    try {
      if (files.some((file) => partsOfPage.test(file))) await edited.page();
      const why = code === undefined ? undefined : await edited.site(code);
      if (why !== undefined && !isStopped)
        say(`${code} was edited but cannot be loaded; the site goes on as it was.\n${why}`);
    } catch (error) {
      if (!isStopped) say(error instanceof Error ? error.message : String(error));
    } finally {
      isBusy = false;
      void work();
    }
  };

  const notice = (folder: string) => (_: string, name: string | null) => {
    const file = join(folder, name ?? "");
    if (ignored.test(file)) return;
    changed.add(file);
    clearTimeout(timer);
    timer = setTimeout(() => void work(), quietMs);
  };
  const watchers = folders.flatMap((folder) => watching(join(projectDir, folder), notice(folder), say));

  return () => {
    isStopped = true;
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}

/** Undefined when the system has no file watches left. The stack also works without file watches. */
function watching(
  folder: string,
  notice: (event: string, name: string | null) => void,
  say: Say,
): FSWatcher[] {
  const excuse = (error: unknown) =>
    say(`Edits in ${folder} are not noticed (${String(error)}): restart the stack to run them.`);
  try {
    return [watch(folder, { recursive: true }, notice).on("error", excuse)];
  } catch (error) {
    excuse(error);
    return [];
  }
}
