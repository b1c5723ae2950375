import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { isCode } from "./postgres-binaries.ts";

const root = "/var/tmp";
const prefix = "nightshift-postgres-";
const homeFile = "home";

/**
 * When root starts Postgres, Postgres runs as another user, which cannot enter a closed folder such as /root. The data
 * is then in /var/tmp, and a link to the data is at the intended place. Data whose link was in a temporary folder is deleted
 * when that link is gone.
 */
export const placeData = (wanted: string): string => {
  const linked = targetOf(wanted);
  // The folder may have been moved together with its link.
  if (linked !== undefined && fs.existsSync(linked)) rememberHome(linked, wanted);
  removeOrphans();
  if (linked !== undefined) return linked;
  const name = createHash("sha256").update(wanted).digest("hex").slice(0, 16);
  const place = path.join(root, prefix + name);
  fs.rmSync(place, { recursive: true, force: true });
  try {
    fs.symlinkSync(place, wanted);
  } catch (error) {
    if (!isCode(error, "EEXIST")) throw error;
  }
  return place;
};

/** Records, for later starts, to which folder this data belongs. */
export const rememberHome = (place: string, wanted: string): void =>
  fs.writeFileSync(path.join(place, homeFile), wanted);

/** Deletes data whose link was deleted with its temporary folder. */
const removeOrphans = () => {
  for (const name of fs.readdirSync(root).filter((entry) => entry.startsWith(prefix))) {
    const place = path.join(root, name);
    const file = path.join(place, homeFile);
    const home = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
    const isTemporary = home.startsWith(os.tmpdir() + path.sep);
    if (isTemporary && targetOf(home) !== place) fs.rmSync(place, { recursive: true, force: true });
  }
};

const targetOf = (link: string): string | undefined => {
  try {
    const target = fs.readlinkSync(link);
    return target.startsWith(path.join(root, prefix)) ? target : undefined;
  } catch {
    return undefined;
  }
};
