import { hasEnded } from "#client/index.ts";
import { type FilterField, Filters } from "#dashboard/components/filters.tsx";
import { Page } from "#dashboard/components/page.tsx";
import { Pager } from "#dashboard/components/pager.tsx";
import { Segmented } from "#dashboard/components/segmented.tsx";
import { Empty, ErrorNote, Loading } from "#dashboard/components/states.tsx";
import { useApi } from "#dashboard/hooks/use-api.ts";
import { withQuery } from "#dashboard/hooks/use-hash-route.ts";
import type { Letter, PageOf } from "#dashboard/types.ts";
import { AdminsOnly } from "#dashboard/views/dead-letters/admins-only.tsx";
import { LetterGroups } from "#dashboard/views/dead-letters/groups.tsx";
import { LetterRow } from "#dashboard/views/dead-letters/row.tsx";
import { SelectionBar } from "#dashboard/views/dead-letters/selection-bar.tsx";
import { useRowKeys } from "#dashboard/views/dead-letters/use-row-keys.ts";
import { useSelection } from "#dashboard/views/dead-letters/use-selection.ts";

const VIEW = "dead-letters";
/** A part may become a dead letter without a change of its job, so the list is also polled. */
const EVERY_MS = 5000;
const STATUSES = [
  { value: "failed", text: "Open" },
  { value: "reprocessed", text: "Reprocessed" },
  { value: "ignored", text: "Ignored" },
  { value: "any", text: "All" },
] as const;
type Status = (typeof STATUSES)[number]["value"];

const FIELDS: readonly FilterField[] = [
  { name: "function", label: "Function", placeholder: "send-email-campaign" },
  { name: "event", label: "Event", placeholder: "email/send.campaign" },
  { name: "code", label: "Error code", placeholder: "provider_rejected" },
  { name: "job", label: "Job", isRare: true },
  { name: "fingerprint", label: "Fingerprint", isRare: true },
];

export function LetterList({ query }: { query: URLSearchParams }) {
  const chosen = Object.fromEntries(query);
  const status = statusOf(query);
  const asked = { ...chosen, status: status === "any" ? null : status, limit: "20" };
  const letters = useApi<PageOf<Letter>>(withQuery("/api/dead-letters", asked), {
    isNews: ({ job, before }) => hasEnded(job) && job.status !== before?.status,
    everyMs: EVERY_MS,
  });
  const { data, problem, isLoading, reload } = letters;
  const show = (values: Record<string, string | null>) => withQuery(`#/${VIEW}`, { ...chosen, ...values });

  const isFiltered = FIELDS.some(({ name }) => query.get(name));

  if (problem?.status === 403) return <AdminsOnly />;
  return (
    <Page
      title="Dead letters"
      actions={
        <Segmented
          label="Status"
          options={STATUSES}
          value={status}
          onChange={(value) => {
            location.hash = show({ status: value, cursor: null });
          }}
        />
      }
    >
      <Filters view={VIEW} fields={FIELDS} query={query} />
      {problem && <ErrorNote problem={problem} onRetry={reload} />}
      {isLoading && !data && <Loading what="Loading the dead letters" />}
      {data?.items.length === 0 && <NothingHere status={status} isFiltered={isFiltered} />}
      {status === "failed" && !isFiltered && <LetterGroups everyMs={EVERY_MS} onChange={reload} />}
      {data && <Letters letters={data.items} onChange={reload} />}
      <Pager
        label="Pages of dead letters"
        steps={[
          query.get("cursor") && { text: "Newest", href: show({ cursor: null }) },
          data?.nextCursor && { text: "Older", href: show({ cursor: data.nextCursor }) },
        ]}
      />
    </Page>
  );
}

function Letters({ letters, onChange }: { letters: readonly Letter[]; onChange: () => void }) {
  const open = letters.filter(({ status }) => status === "failed");
  const { chosen, toggle, clear } = useSelection(open.map(({ id }) => id));
  useRowKeys();
  return (
    <>
      <SelectionBar
        letters={open.filter(({ id }) => chosen.includes(id))}
        onClear={clear}
        onChange={onChange}
      />
      <div className="letters">
        {letters.map((letter) => (
          <LetterRow
            key={letter.id}
            letter={letter}
            isSelected={chosen.includes(letter.id)}
            onSelect={(isRange) => toggle(letter.id, isRange)}
            onChange={onChange}
          />
        ))}
      </div>
    </>
  );
}

function NothingHere({ status, isFiltered }: { status: Status; isFiltered: boolean }) {
  if (isFiltered) return <Empty icon="search" title="No dead letter matches these filters" />;
  if (status !== "failed") return <Empty title="None yet" />;
  return (
    <Empty icon="check" title="No dead letters">
      Work that failed for good is kept here, with its whole event, until an administrator reprocesses or
      ignores it.
    </Empty>
  );
}

const statusOf = (query: URLSearchParams): Status =>
  STATUSES.find(({ value }) => value === query.get("status"))?.value ?? (query.get("job") ? "any" : "failed");
