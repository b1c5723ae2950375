/** The rooms of the migrations: which room a migration belongs to, and what it may name. */
type Room = {
  /** The number with which the room's migrations begin. The room's migrations end where the next room begins. */
  from: number;
  name: string;
  /** Rooms whose tables this room may use, in addition to the ledger, which every room may use. */
  on?: readonly string[];
};

const LEDGER = "ledger";

const ROOMS: readonly Room[] = [
  { from: 0, name: LEDGER },
  { from: 400, name: "lists" },
  { from: 460, name: "mail", on: ["lists"] },
  { from: 500, name: "campaigns", on: ["lists", "mail"] },
  { from: 595, name: "mail reports", on: ["lists", "mail", "campaigns"] },
  { from: 600, name: "images" },
  { from: 660, name: "uploads" },
  { from: 670, name: "monitoring" },
  { from: 700, name: "imports", on: ["lists"] },
  { from: 720, name: "reports" },
  { from: 740, name: "webhooks", on: ["lists"] },
  { from: 745, name: "payments", on: ["mail"] },
  { from: 760, name: "deliveries" },
  { from: 770, name: "users" },
  { from: 780, name: "schedules" },
  { from: 790, name: "sitemap" },
  { from: 800, name: "onboarding", on: ["mail", "payments", "schedules", "users"] },
  { from: 820, name: "monitoring", on: ["campaigns", "deliveries", "mail", "schedules"] },
  { from: 840, name: "feed" },
  { from: 860, name: "rollout" },
  { from: 880, name: "cost" },
];

export type Migration = { name: string; sql: string };

const CREATED =
  /\bcreate (?:or replace )?(?:table|function|view|type|sequence) (?:if not exists )?((?:public|private)\.\w+)/g;
const NAMED = /\b(?:public|private)\.\w+/g;

/** `20261101000520_plan_campaigns.sql` belongs to campaigns. */
export function roomOf({ name }: Migration): Room {
  const number = Number(/^\d{8}(\d{6})_/.exec(name)?.[1]);
  const room = ROOMS.findLast(({ from }) => from <= number);
  if (room === undefined) throw new Error(`${name} is not named <date><six digits>_<what it does>.sql`);
  return room;
}

/**
 * Comments may name anything. Strings are checked too, because a string may contain the name of a function that is
 * called.
 */
const withoutComments = (sql: string): string => sql.replaceAll(/--.*$/gm, "");

/**
 * The names of other rooms' tables or functions in each migration. Such names are faults, because rooms share only the
 * ledger.
 */
export function namesOfOtherRooms(migrations: readonly Migration[]): string[] {
  const ownerOf = new Map(
    migrations.flatMap((migration) =>
      [...withoutComments(migration.sql).matchAll(CREATED)].map(([, name = ""]) => [
        name,
        roomOf(migration).name,
      ]),
    ),
  );
  return migrations.flatMap((migration) => {
    const room = roomOf(migration);
    const allowed = new Set([room.name, LEDGER, ...(room.on ?? [])]);
    return [...new Set(withoutComments(migration.sql).match(NAMED))].flatMap((name) => {
      const owner = ownerOf.get(name);
      if (owner === undefined || allowed.has(owner)) return [];
      return [`${migration.name}: ${room.name} names ${name}, which belongs to ${owner}`];
    });
  });
}
