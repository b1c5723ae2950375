import { cp, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { build, stop } from "esbuild";
import { functionFiles, nameOf } from "#netlify/functions.ts";
import { StackError } from "#stack/errors.ts";
import { isAlive } from "#stack/parent.ts";

export type Compiled = {
  /** The folder of the compiled modules. */
  folder: string;
  remove(): Promise<void>;
};

/**
 * Compiles the site: `server.mjs`, `clock.mjs` for a stack whose time is scaled, and Netlify's functions in `functions`.
 * `source` has the source of the functions, from which the site reads their config.
 */
export async function compileSite(projectDir: string): Promise<Compiled> {
  const source = join(projectDir, "netlify/functions");
  const compiled = await compile(projectDir, {
    server: "local/netlify/server.ts",
    clock: "local/clock-preload.ts",
    ...Object.fromEntries(functionFiles(source).map((file) => [`functions/${nameOf(file)}`, file])),
  });
  await cp(source, join(compiled.folder, "source"), { recursive: true });
  return compiled;
}

/**
 * Compiles modules into a few files of a new folder, as Netlify compiles functions. `modules`: the name of a compiled
 * module, without `.mjs` → its source. The code then runs without tsx, which compiles each file when it is loaded, in a
 * thread of its own, and needs 25 MB for that. Throws a StackError when the source has errors.
 */
export async function compile(projectDir: string, modules: Record<string, string>): Promise<Compiled> {
  // The folder is inside the project, because Node looks for packages in the folders above a module.
  const parent = join(projectDir, ".nightshift");
  const folder = await newFolder(parent).catch((cause: unknown) => {
    const wayOut = "Give the folder to your user (chown, chmod).";
    throw new StackError(`No code can be compiled into ${parent}: ${String(cause)}`, wayOut, { cause });
  });
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    await build({
      absWorkingDir: projectDir,
      entryPoints: modules,
      outdir: folder,
      outExtension: { ".js": ".mjs" },
      bundle: true,
      splitting: true,
      packages: "external",
      platform: "node",
      format: "esm",
      target: "node20",
      sourcemap: true,
      sourcesContent: false,
      logLevel: "silent",
    });
    return { folder, remove };
  } catch (cause) {
    await remove();
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new StackError(`The code cannot be compiled. ${message}`, "Correct the code and start again.", {
      cause,
    });
  } finally {
    await stop();
  }
}

/** A new folder for this process. Removes the folders that killed processes have left. */
async function newFolder(parent: string): Promise<string> {
  await mkdir(parent, { recursive: true });
  for (const name of await readdir(parent)) {
    const pid = /^compiled-(\d+)-/.exec(name)?.[1];
    // A folder of another user cannot be removed.
    if (pid !== undefined && !isAlive(Number(pid)))
      await rm(join(parent, name), { recursive: true, force: true }).catch(() => {});
  }
  return mkdtemp(join(parent, `compiled-${process.pid}-`));
}
