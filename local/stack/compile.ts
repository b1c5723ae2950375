import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { build, stop } from "esbuild";
import { functionFiles, nameOf } from "#netlify/functions.ts";
import { StackError } from "#stack/errors.ts";
import { isAlive } from "#stack/parent.ts";

/** The name of a compiled module, without `.mjs` → its source. */
type Modules = Record<string, string>;

export type Compiled = {
  /** The folder of the compiled modules. */
  folder: string;
  /**
   * Compiles the source again. When the source has errors, the compiled modules stay as they were, and the errors are
   * returned; otherwise undefined is returned.
   */
  again(): Promise<string | undefined>;
  remove(): Promise<void>;
};

/** The modules of the site: its server, the clock of a stack whose time is scaled, and Netlify's functions. */
export const modulesOfSite = (projectDir: string): Modules => ({
  server: "local/netlify/server.ts",
  clock: "local/clock-preload.ts",
  ...Object.fromEntries(
    functionFiles(join(projectDir, "netlify/functions")).map((file) => [`functions/${nameOf(file)}`, file]),
  ),
});

/**
 * Compiles modules into a few files, as Netlify compiles functions. The code then runs without tsx, which compiles each
 * file when it is loaded, in a thread of its own, and needs 25 MB of memory for that. Throws a StackError when the
 * source has errors.
 */
export async function compile(projectDir: string, modules: () => Modules): Promise<Compiled> {
  // The folder is inside the project, because Node looks for packages in the folders above a module.
  const folder = await newFolder(join(projectDir, ".nightshift"));
  const remove = () => rm(folder, { recursive: true, force: true });
  const again = () => bundle(projectDir, folder, modules()).then(() => undefined, String);
  const errors = await again();
  if (errors === undefined) return { folder, again, remove };
  await remove();
  throw new StackError(`The code cannot be compiled. ${errors}`, "Correct the code and start again.");
}

/** A new folder for this process. Removes the folders that killed processes have left. */
async function newFolder(parent: string): Promise<string> {
  await mkdir(parent, { recursive: true });
  for (const name of await readdir(parent)) {
    const pid = /^compiled-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid)))
      await rm(join(parent, name), { recursive: true, force: true });
  }
  return mkdtemp(join(parent, `compiled-${process.pid}-`));
}

async function bundle(projectDir: string, folder: string, entryPoints: Modules): Promise<void> {
  try {
    const { metafile } = await build({
      absWorkingDir: projectDir,
      entryPoints,
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
      metafile: true,
      logLevel: "silent",
    });
    const written = Object.keys(metafile.outputs).map((file) => join(projectDir, file));
    await removeOldChunks(folder, written);
  } finally {
    await stop();
  }
}

/** The name of a shared file contains a hash of its content, so each edit makes another file. */
async function removeOldChunks(folder: string, written: readonly string[]): Promise<void> {
  for (const name of await readdir(folder)) {
    const file = join(folder, name);
    if (name.startsWith("chunk-") && !written.includes(file)) await rm(file);
  }
}
