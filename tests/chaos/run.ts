import { type Rampage, rampage } from "./support/rampage.ts";

/** `npm run chaos`: the long form. 5,000 recipients, at least 20 kills, once with a provider of each kind. */
const long = { recipients: 5_000, kills: 24 };

let isGood = true;
for (const idempotent of [true, false]) {
  const verdict = await rampage({ ...long, idempotent } satisfies Rampage);
  const holds =
    verdict.kills >= 20 &&
    verdict.killsInFlight * 2 >= verdict.kills &&
    verdict.duplicates + verdict.missing + verdict.falselySent + verdict.unrecorded === 0 &&
    (verdict.unknown === 0 || !idempotent) &&
    verdict.status === "completed";
  isGood &&= holds;
  console.log(
    `${holds ? "holds" : "BROKEN"}: a provider that ${idempotent ? "takes" : "ignores"} idempotency keys`,
    verdict,
  );
}
process.exit(isGood ? 0 : 1);
