import type { House } from "./campaign.ts";
import { insist, tally, unfinished, until } from "./insist.ts";
import { killAtRandom } from "./kill-at-random.ts";
import { type Part, partsHouse } from "./parts-house.ts";

type Wish = { letters: number; killsOfEach: number; say?: (progress: string) => void };

export type LettersVerdict = {
  kills: Record<Part, number>;
  groups: number;
  /** Work that met more outages than it has tries is a letter again, which the next round reprocesses. */
  rounds: number;
  /** How many recipients got how many mails: `{ "1": 5000 }` is each once. */
  mailsPerRecipient: Record<number, number>;
  /** Letters by their status, and by the outcome of their reprocessing. */
  statuses: Record<string, number>;
  leftOver: number;
};

/**
 * A mail provider refuses the API key, so that each mail becomes a dead letter, of two functions: two groups. Then it
 * accepts the key, and each group is reprocessed by one job while all parts of the stack are killed.
 */
export async function lettersRampage({
  letters,
  killsOfEach,
  say = () => {},
}: Wish): Promise<LettersVerdict> {
  const house = await partsHouse({ PLAN: "pro", MAIL_REQUESTS_PER_SECOND: "200" });
  try {
    await house.control("keys", { accept: [] });
    await writeMails(house, letters);
    await until("every mail is a dead letter", async () => (await statusesOf(house))["failed"] === letters);
    say(`${letters} dead letters`);
    await house.control("keys", { accept: null });
    const [kills, rounds] = await Promise.all([
      killAtRandom(house, { killsOfEach, say, isOver: () => false }),
      reprocessAll(house),
    ]);
    return {
      kills,
      ...rounds,
      mailsPerRecipient: tally(await recipientsOf(house)),
      statuses: await statusesOf(house),
      leftOver: await unfinished(house),
    };
  } finally {
    await house.close();
  }
}

/** Every second mail is one of many, which another function sends. */
async function writeMails(house: House, count: number): Promise<void> {
  await house.query(
    `select private.send_mail(jsonb_build_object('key', 'chaos:' || n, 'template', 'complete-profile-reminder',
       'to', 'r' || n || '@example.com', 'isBulk', n % 2 = 0, 'fields', '{}'::jsonb), now())
     from generate_series(0, $1::integer - 1) as n`,
    [count],
  );
}

async function statusesOf(house: House): Promise<Record<string, number>> {
  const rows = await house.query<{ status: string; n: number }>(
    "select coalesce(outcome, status) as status, count(*)::int as n from dead_letter_queue group by 1",
  );
  return Object.fromEntries(rows.map(({ status, n }) => [status, n]));
}

/** One job for each group, until no group has an open letter. */
async function reprocessAll(house: House): Promise<{ groups: number; rounds: number }> {
  type Groups = { items: { fingerprint: string }[] };
  let groups = 0;
  for (let rounds = 0; ; rounds++) {
    const { items } = await insist(() => house.call<Groups>("GET", "/api/dead-letters/groups?status=failed"));
    if (items.length === 0) return { groups, rounds };
    groups ||= items.length;
    for (const { fingerprint } of items) {
      const path = `/api/dead-letters/groups/${fingerprint}/reprocess`;
      await insist(() => house.call("POST", path, { atOnce: 200, haltAfter: 1_000_000 }));
    }
    await until("the letters have been handled", async () => (await unfinished(house)) === 0);
  }
}

async function recipientsOf(house: House): Promise<string[]> {
  const { messages } = await house.control<{ messages: { to: string[] }[] }>("messages?limit=10000");
  return messages.flatMap(({ to }) => to);
}

/** Describes each fault of the outcome in words. */
export function faultsOfLetters(verdict: LettersVerdict, { letters, killsOfEach }: Wish): string[] {
  const faults: string[] = [];
  if (verdict.groups !== 2) faults.push(`${verdict.groups} groups instead of 2`);
  if (JSON.stringify(verdict.mailsPerRecipient) !== JSON.stringify({ 1: letters }))
    faults.push(`mails: ${JSON.stringify(verdict.mailsPerRecipient)} instead of each once`);
  if (verdict.leftOver > 0) faults.push(`${verdict.leftOver} jobs are left over`);
  for (const [part, times] of Object.entries(verdict.kills))
    if (times < killsOfEach) faults.push(`${part} was killed ${times} times only`);
  return faults;
}
