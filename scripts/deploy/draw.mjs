// @ts-check
/**
 * This script is copied beside a bundled door, like knock.mjs. The script makes a thumbnail with the door's own sharp.
 */
/* oxlint-disable typescript/no-unsafe-assignment, typescript/no-unsafe-call, typescript/no-unsafe-member-access -- the type of the loaded module is known only at run time */
import { createRequire } from "node:module";
import { join } from "node:path";

const sharp = createRequire(join(process.argv[2] ?? "", "door.mjs"))("sharp");
const picture = await sharp({ create: { width: 8, height: 8, channels: 3, background: "red" } })
  .png()
  .toBuffer();
const { info } = await sharp(picture).resize(4, 4).webp().toBuffer({ resolveWithObject: true });
process.exitCode = info.width === 4 && info.format === "webp" ? 0 : 1;
