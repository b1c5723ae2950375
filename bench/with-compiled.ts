import { join, resolve } from "node:path";
import { compile } from "@nightshift/local/stack/compile.ts";

/** Gives `run` the path of a program of this folder. It is compiled as the site is, so both run without tsx. */
export async function withCompiled<T>(name: string, run: (script: string) => Promise<T>): Promise<T> {
  const compiled = await compile(resolve(import.meta.dirname, ".."), { [name]: `bench/${name}.ts` });
  try {
    return await run(join(compiled.folder, `${name}.mjs`));
  } finally {
    await compiled.remove();
  }
}
