import { toneOf } from "#dashboard/components/badge.tsx";
import { count } from "#dashboard/format.ts";
import type { Campaign } from "#dashboard/types.ts";

export const SHOWN_STATUSES = ["pending", "sending", "sent", "failed", "skipped", "unknown"] as const;

type CountsProps = { campaign: Pick<Campaign, "id" | "counts">; current?: string | null };

/** The number of mails in each status; each number links to its recipients. */
export function Counts({ campaign: { id, counts }, current }: CountsProps) {
  return (
    <ul className="counts" aria-label="Recipients by status">
      {current !== undefined && (
        <li>
          <a href={`#/campaigns/${id}`} aria-current={current === null ? "true" : undefined}>
            <b>{count(counts.recipients)}</b> all
          </a>
        </li>
      )}
      {SHOWN_STATUSES.map((status) => (
        <li key={status} className={counts[status] === 0 ? "none" : `tone-${toneOf(status)}`}>
          <a
            href={`#/campaigns/${id}?status=${status}`}
            aria-current={current === status ? "true" : undefined}
          >
            <b>{count(counts[status])}</b> {status}
          </a>
        </li>
      ))}
    </ul>
  );
}
