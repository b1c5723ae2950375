import { BROADCAST_ENV, testImprint, testLinks } from "./broadcast.ts";
import type { CampaignHouse } from "./campaign-house.ts";
import type { MailWitness } from "./mail-witness.ts";
import { sendReport } from "./reports.ts";

const bounce = (type: string, message: string) => ({ bounce: { type, subType: "General", message } });
const REPORTS = [
  ["email.bounced", bounce("Permanent", "550 5.1.1")],
  ["email.complained", {}],
  ["email.bounced", bounce("Transient", "452 4.2.2")],
  ["email.delivered", {}],
] as const;

type Person = { id: number; email: string };

/**
 * What people and the provider tell us about random recipients: unsubscribing by the link, bounces, complaints, an
 * administrator, leaving the list. Reports come up to three times. A soft bounce, a delivery and a scanner that opens the
 * link change nothing.
 */
export function createNotices(
  house: CampaignHouse,
  witness: MailWitness,
  random: () => number,
  name: string,
) {
  const below = (limit: number) => Math.floor(random() * limit);
  let listId = "";
  let people: readonly Person[] = [];
  let count = 0;

  const linkOf = ({ id }: Person) =>
    `${BROADCAST_ENV.URL}/l/${testLinks.signer(testImprint.linkKeyId, listId)(id)}`;
  const follow = (person: Person, init?: RequestInit) =>
    house.app.doors.api(new Request(linkOf(person), init));
  const press = (fields: Record<string, string>) => (person: Person) =>
    follow(person, { method: "POST", body: new URLSearchParams(fields) });

  const report =
    ([type, more]: (typeof REPORTS)[number]) =>
    async ({ email }: Person) => {
      const data = { email_id: `mail-${name}-${count}`, to: [email], ...more };
      const event = { type, id: `notice-${name}-${count}`, data, at: house.engine.clock.now() };
      for (let times = 1 + below(3); times > 0; times -= 1) await sendReport(house.app.doors.api, event);
    };

  const kinds: readonly ((person: Person) => Promise<unknown>)[] = [
    press({ "List-Unsubscribe": "One-Click" }),
    press({ action: "unsubscribe_from_all" }),
    (person) => follow(person),
    ({ email }) => house.call("POST", "/api/suppressions", { address: email, scope: "all" }, { as: "admin" }),
    ({ id }) => house.call("DELETE", `/api/lists/${listId}/subscribers/${id}`),
    ...REPORTS.map(report),
  ];

  /** Tells the witness whether this address is suppressed now. */
  async function lookAt(address: string): Promise<void> {
    const { rowCount } = await house.db.sql.query(
      "select from suppressions where is_active and address_hash = sha256(convert_to(lower($1), 'UTF8'))",
      [address],
    );
    if (rowCount !== 0) witness.seeSuppressed(address);
  }

  return {
    lookAt,
    count: () => count,
    begin(list: string, recipients: readonly Person[]): void {
      listId = list;
      people = recipients;
    },
    async arrive(): Promise<void> {
      const person = people[below(people.length)];
      if (person === undefined) return;
      count += 1;
      await kinds[below(kinds.length)]?.(person);
      await lookAt(person.email);
    },
  };
}
