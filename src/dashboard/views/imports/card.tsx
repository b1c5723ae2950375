import { Badge } from "#dashboard/components/badge.tsx";
import { TimeAgo } from "#dashboard/components/time.tsx";
import { count } from "#dashboard/format.ts";
import type { Import } from "#dashboard/types.ts";
import { Course } from "./outcome.tsx";
import { stateOf, toneOfImport } from "./words.ts";

export function ImportCard({ item }: { item: Import }) {
  const { id, fileName, target, dryRun, createdAt } = item;
  const status = stateOf(item);
  return (
    <article className="card import" aria-label={fileName}>
      <header>
        <div className="row">
          <h2>
            <a href={`#/imports/${id}`} dir="auto">
              {fileName || "Import"}
            </a>
          </h2>
          <Badge status={status} tone={status === item.status ? toneOfImport(item) : undefined} />
        </div>
        <span className="quiet small">
          {dryRun ? "dry run, " : ""}
          {target}, <TimeAgo at={createdAt} />
        </span>
      </header>
      <Course item={item} />
      <p className="quiet small numbers">{countsOf(item)}</p>
    </article>
  );
}

/** "1,200 inserted, 3 rejected", without the counts that are zero. */
const countsOf = ({ counts }: Import): string =>
  Object.entries(counts)
    .filter(([, rows]) => rows > 0)
    .map(([name, rows]) => `${count(rows)} ${name}`)
    .join(", ") || "no rows yet";
