import { Badge } from "#dashboard/components/badge.tsx";
import { Card } from "#dashboard/components/card.tsx";
import { type Fact, Facts } from "#dashboard/components/facts.tsx";
import { Page } from "#dashboard/components/page.tsx";
import { ErrorNote, Loading } from "#dashboard/components/states.tsx";
import { TimeAgo } from "#dashboard/components/time.tsx";
import { count } from "#dashboard/format.ts";
import { useApi } from "#dashboard/hooks/use-api.ts";
import { pageOf } from "#dashboard/hooks/use-hash-route.ts";
import type { ImportDetails as Details } from "#dashboard/types.ts";
import { ImportActions } from "./actions.tsx";
import { Outcome } from "./outcome.tsx";
import { Conflicts, Rejects } from "./rejects.tsx";
import { isOfImports, SEPARATORS, size, stateOf, toneOfImport } from "./words.ts";

export function ImportDetails({ id }: { id: string }) {
  const path = `/api/imports/${id}`;
  const { data: item, problem, isLoading, reload } = useApi<Details>(path, { isNews: isOfImports });
  const status = item && stateOf(item);
  return (
    <Page
      title={item?.fileName || "Import"}
      back={{ href: "#/imports", text: "All imports" }}
      beside={
        status && <Badge status={status} tone={status === item.status ? toneOfImport(item) : undefined} />
      }
      actions={item && <ImportActions item={item} onChange={reload} />}
    >
      {problem && <ErrorNote problem={problem} onRetry={reload} />}
      {isLoading && !item && <Loading />}
      {item && (
        <>
          <Card>
            <Outcome item={item} />
            <Facts facts={factsOf(item)} />
          </Card>
          <Conflicts item={item} />
          <Rejects item={item} />
        </>
      )}
    </Page>
  );
}

function factsOf(item: Details): Fact[] {
  const { target, dryRun, format, separator, encoding, progress, startedAt, endedAt, jobUrl, undo } = item;
  const { unreadColumns } = item.summary;
  const facts: Fact[] = [
    { name: "Into", value: dryRun ? `${target} (dry run: nothing is written)` : target },
  ];
  if (format !== null) {
    const written = [format.toUpperCase(), separator && (SEPARATORS[separator] ?? separator), encoding];
    facts.push({ name: "File", value: written.filter(Boolean).join(", ") });
  }
  if (progress.bytesTotal !== null) facts.push({ name: "Size", value: size(progress.bytesTotal) });
  if (unreadColumns.count > 0) facts.push({ name: "Not imported", value: columnsOf(unreadColumns) });
  if (startedAt !== null) facts.push({ name: "Started", value: <TimeAgo at={startedAt} /> });
  if (endedAt !== null) facts.push({ name: "Ended", value: <TimeAgo at={endedAt} /> });
  if (undo !== null) facts.push({ name: "Undo", value: undoOf(undo) });
  if (jobUrl !== null) facts.push({ name: "Made by", value: <a href={pageOf(jobUrl)}>Job</a> });
  return facts;
}

/** Names every column that the summary names, and counts the others. */
function columnsOf({ count: total, names }: Details["summary"]["unreadColumns"]): string {
  const others = total - names.length;
  const words = total === 1 ? "the column" : "the columns";
  return `${words} ${names.join(", ")}${others > 0 ? ` and ${count(others)} more` : ""}`;
}

const undoOf = ({ status, undone, conflicts }: NonNullable<Details["undo"]>): string =>
  `${status}: ${count(undone)} rows taken back, ${count(conflicts)} left alone`;
