import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { isCode } from "./postgres-binaries.ts";

const root = "/var/tmp";
const prefix = "nightshift-postgres-";
const homeFile = "home";

/**
 * As root, Postgres runs as somebody who cannot enter a closed folder such as /root. The data then lies in /var/tmp
 * and the place where it was wanted is a link to it. The link is the truth: data that none leads to is nobody's.
 */
export const placeElsewhere = (wanted: string): string => {
  const linked = targetOf(wanted);
  // The folder may have been moved, and the link with it.
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

/** Tells later starts whose data this is. */
export const rememberHome = (place: string, wanted: string): void =>
  fs.writeFileSync(path.join(place, homeFile), wanted);

/** A temporary folder that was deleted took its link along, but not what lay here. */
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
