import { z } from "zod";

/** What happened to a campaign's mails, as seen from outside of the product, and what may not happen. */
export type MailWitness = ReturnType<typeof mailWitness>;

const taken = z.object({
  state: z.literal("open"),
  batches: z.array(
    z.object({ batchNo: z.number(), inDoubt: z.boolean(), recipients: z.array(z.array(z.unknown())) }),
  ),
});
const settled = z.object({ p_outcomes: z.array(z.object({ batchNo: z.number() })) });

/**
 * Numbers what it sees, so that it knows the order without a clock. An address may be mailed after it was suppressed only
 * if its batch was taken before that: it was under way, or it is in doubt and repeated unchanged.
 */
export function mailWitness() {
  let moment = 0;
  const suppressed = new Map<string, number>();
  const takenAt = new Map<string, number>();
  const batches = new Map<number, string[]>();
  const inDoubt = new Set<string>();
  const wrong: string[] = [];
  let repeatedToSuppressed = 0;

  return {
    wrong,
    suppressed,
    /** Addresses whose mail may have been accepted without our knowing it. */
    inDoubt,
    repeatedToSuppressed: () => repeatedToSuppressed,

    /** The suppression of this address was committed before now. */
    seeSuppressed(address: string): void {
      if (!suppressed.has(address)) suppressed.set(address, ++moment);
    },

    /** Passes a call that takes batches on to the database. */
    async take(ask: () => Promise<Response>): Promise<Response> {
      const at = ++moment;
      const response = await ask();
      const answer = taken.safeParse(await response.clone().json());
      for (const batch of answer.data?.batches ?? []) {
        const addresses = batch.recipients.map(([, address]) => String(address));
        batches.set(batch.batchNo, addresses);
        for (const address of addresses) {
          if (!batch.inDoubt) takenAt.set(address, at);
          else if (!takenAt.has(address)) wrong.push(`${address} is in doubt, but was never taken`);
        }
      }
      return response;
    },

    /** The batches that this call takes or settles are in doubt, because its answer was lost or it came too late. */
    async doubt(call: Request, answer: Response | undefined): Promise<void> {
      const named = settled.safeParse(await call.json()).data?.p_outcomes ?? [];
      const answered = taken.safeParse(await answer?.clone().json()).data?.batches ?? [];
      for (const { batchNo } of [...named, ...answered])
        for (const address of batches.get(batchNo) ?? []) inDoubt.add(address);
    },

    /** A provider is asked to mail these addresses. */
    seeAsked(addresses: readonly string[]): void {
      for (const address of addresses) {
        const at = takenAt.get(address);
        const since = suppressed.get(address);
        if (at === undefined) wrong.push(`${address} is mailed, but its batch was not taken`);
        else if (since !== undefined && since < at)
          wrong.push(`${address} is mailed by a batch that was taken after its suppression`);
        else if (since !== undefined) repeatedToSuppressed += 1;
      }
    },
  };
}

type Send = { email: string; status: string; provider: string | null };

/**
 * Compares the campaign's rows with the providers' own records: `mailed` has the providers that accepted a mail to an
 * address, one entry for each mail. Returns what is wrong.
 */
export function compare(
  sends: readonly Send[],
  mailed: ReadonlyMap<string, string[]>,
  {
    suppressed,
    inDoubt,
    refused,
  }: Pick<MailWitness, "suppressed" | "inDoubt"> & { refused: ReadonlySet<string> },
): string[] {
  const wrong: string[] = [];
  const known = new Set(sends.map(({ email }) => email));
  for (const address of mailed.keys())
    if (!known.has(address)) wrong.push(`${address} is mailed and is no recipient`);
  for (const { email, status, provider } of sends) {
    const by = mailed.get(email) ?? [];
    const isAllowed = {
      sent: by.length === 1 && by[0] === provider,
      failed: by.length === 0 && refused.has(email),
      skipped: by.length === 0 && suppressed.has(email),
      unknown: by.length <= 1 && inDoubt.has(email),
    }[status];
    if (isAllowed !== true)
      wrong.push(`${email} is ${status} by ${provider}, and was mailed by [${by.join()}]`);
  }
  return wrong;
}
