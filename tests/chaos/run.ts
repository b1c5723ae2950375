import { isDeepStrictEqual } from "node:util";
import { commandOptions, numberOption } from "@nightshift/local/command-options.ts";
import { faultsOfFeed, feedRampage } from "./support/feed-rampage.ts";
import { faultsOfHooks, hooksRampage } from "./support/hooks-rampage.ts";
import { imageStorm } from "./support/image-storm.ts";
import { faultsOfImages } from "./support/image-verdict.ts";
import { importsRampage } from "./support/imports-rampage.ts";
import { faultsOfLetters, lettersRampage } from "./support/letters-rampage.ts";
import { faultsOfParts, partsRampage } from "./support/parts-rampage.ts";
import { rampage } from "./support/rampage.ts";
import { faultsOf } from "./support/verdict.ts";

const help = `npm run chaos [-- --form site|parts|images|imports|webhooks|feed|letters]
  [--recipients 5000] [--tasks 1000] [--rows 100000] [--orders 500] [--messages 10000] [--posts 20] [--letters 5000]

The long form of tests/chaos: kills processes of the stack with SIGKILL at random moments while they work, and compares
the result with the providers' own records.
  site   24 kills of the site, once with a provider that honors idempotency keys and once with one that ignores them
  parts  10 kills each of engine, gateway and Postgres, which the stack's own supervisor starts again
  images 20 kills of the site under 1,000 image tasks from four producers, with failures and cancels: started in the
         order of accepting, never more at once than the lane allows, none lost
  imports 5 kills each of site, engine, gateway and Postgres under an import of 100,000 rows with bad and repeated ones:
         table, counts and rejects are those of an undisturbed import
  webhooks 5 kills each of site, engine, gateway and Postgres while orders are paid by signed webhooks: each has one
         payment, one mail and one message to an endpoint; then five kills during a replay of 10,000 deliveries
  feed 5 kills each of site, engine, gateway and Postgres while an author with 10,000 followers publishes 20 posts: each
         post reaches each follower once
  letters 2 kills each of site, engine, gateway and Postgres while jobs reprocess the two groups of 5,000 dead letters,
         which are mails: each recipient gets one
Without --form it runs all forms, one after the other. Exit code 0 only if nothing was lost, done twice or done out of turn.`;

const { values } = commandOptions(help, {
  options: {
    form: { type: "string" },
    recipients: { type: "string", default: "5000" },
    tasks: { type: "string", default: "1000" },
    rows: { type: "string", default: "100000" },
    orders: { type: "string", default: "500" },
    messages: { type: "string", default: "10000" },
    posts: { type: "string", default: "20" },
    letters: { type: "string", default: "5000" },
  },
});
const recipients = numberOption("recipients", values.recipients);
const say = (progress: string) => console.error(`  ${progress}`);

const forms: Record<string, () => Promise<boolean>> = {
  site: async () => {
    const isGood: boolean[] = [];
    for (const idempotent of [true, false]) {
      const kind = `a provider that ${idempotent ? "takes" : "ignores"} idempotency keys`;
      console.error(`The site is killed again and again, with ${kind}:`);
      const verdict = await rampage({ recipients, kills: 24, idempotent, say });
      const faults = faultsOf(verdict, verdict.mostInDoubt);
      if (verdict.kills < 20) faults.push(`only ${verdict.kills} kills`);
      if (verdict.killsInFlight * 2 < verdict.kills)
        faults.push(`only ${verdict.killsInFlight} kills fell while the provider held a request`);
      isGood.push(report(kind, verdict, faults));
    }
    return isGood.every(Boolean);
  },
  parts: async () => {
    console.error("Engine, gateway and Postgres are killed again and again:");
    const wanted = { recipients, killsOfEach: 10, latencyMs: 1_000 };
    const verdict = await partsRampage({ ...wanted, say });
    return report("engine, gateway and Postgres", verdict, faultsOfParts(verdict, wanted));
  },
  images: async () => {
    console.error("The site is killed again and again while it draws:");
    const wanted = { tasks: numberOption("tasks", values.tasks), kills: 20 };
    const verdict = await imageStorm({ ...wanted, say });
    return report("the image queue", verdict, faultsOfImages(verdict, wanted));
  },
  imports: async () => {
    console.error("Site, engine, gateway and Postgres are killed again and again under an import:");
    const wanted = { rows: numberOption("rows", values.rows), killsOfEach: 5 };
    const { undisturbed, killed, ...verdict } = await importsRampage({ ...wanted, say });
    const faults: string[] = [];
    if (!isDeepStrictEqual(killed, undisturbed))
      faults.push("the outcome is not that of an undisturbed import");
    if (undisturbed.status !== "completed") faults.push(`the undisturbed import is ${undisturbed.status}`);
    for (const [part, times] of Object.entries(verdict.kills))
      if (times < wanted.killsOfEach) faults.push(`${part} was killed ${times} times only before the end`);
    return report("an import", { ...verdict, counts: killed.counts, rejects: killed.rejects.length }, faults);
  },
  webhooks: async () => {
    console.error("Site, engine, gateway and Postgres are killed while webhooks come and go:");
    const wanted = {
      orders: numberOption("orders", values.orders),
      messages: numberOption("messages", values.messages),
      killsOfEach: 5,
    };
    const verdict = await hooksRampage({ ...wanted, say });
    return report("webhooks and payments", verdict, faultsOfHooks(verdict, wanted));
  },
  feed: async () => {
    console.error("Site, engine, gateway and Postgres are killed while posts are brought to followers:");
    const wanted = { posts: numberOption("posts", values.posts), followers: 10_000, killsOfEach: 5 };
    const verdict = await feedRampage({ ...wanted, say });
    return report("the feed", verdict, faultsOfFeed(verdict, wanted));
  },
  letters: async () => {
    console.error("Site, engine, gateway and Postgres are killed while dead letters are reprocessed:");
    const wanted = { letters: numberOption("letters", values.letters), killsOfEach: 2 };
    const verdict = await lettersRampage({ ...wanted, say });
    return report("groups of dead letters", verdict, faultsOfLetters(verdict, wanted));
  },
};

function report(what: string, verdict: object, faults: readonly string[]): boolean {
  console.log(faults.length === 0 ? `holds: ${what}` : `BROKEN: ${what}`, verdict);
  for (const fault of faults) console.log(`  WRONG: ${fault}`);
  return faults.length === 0;
}

async function main(): Promise<number> {
  const chosen = values.form === undefined ? Object.values(forms) : [forms[values.form]];
  let isGood = true;
  for (const form of chosen) {
    if (form === undefined) {
      console.error(`There is no form "${values.form}".\n\n${help}`);
      return 1;
    }
    isGood = (await form()) && isGood;
  }
  return isGood ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.log(`BROKEN: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  },
);
