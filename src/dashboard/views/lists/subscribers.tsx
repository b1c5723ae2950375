import { useEffect } from "react";
import { announce } from "#dashboard/announce.ts";
import { Badge } from "#dashboard/components/badge.tsx";
import { type FilterField, Filters } from "#dashboard/components/filters.tsx";
import { Pages } from "#dashboard/components/pages.tsx";
import { Empty } from "#dashboard/components/states.tsx";
import type { Column } from "#dashboard/components/table.tsx";
import { TimeAgo } from "#dashboard/components/time.tsx";
import { useApi } from "#dashboard/hooks/use-api.ts";
import { withQuery } from "#dashboard/hooks/use-hash-route.ts";
import type { List, PageOf, Subscriber } from "#dashboard/types.ts";
import { toneOfSubscriber } from "./words.ts";

const SHOWN = "50";
const FIELDS: readonly FilterField[] = [
  { name: "search", label: "Search", placeholder: "A part of the address" },
  {
    name: "status",
    label: "Status",
    options: ["active", "unsubscribed", "bounced", "complained", "suppressed"],
  },
];

type SubscribersProps = { list: Pick<List, "id">; query: URLSearchParams };

/** The subscribers of a list, searched by a part of the address. Each row links to the subscriber's history. */
export function Subscribers({ list: { id }, query }: SubscribersProps) {
  const { search, status, cursor } = Object.fromEntries(query);
  const path = withQuery(`/api/lists/${id}/subscribers`, { search, status, cursor, limit: SHOWN });
  const subscribers = useApi<PageOf<Subscriber>>(path);
  const { data, isLoading } = subscribers;
  const announcement = data && !isLoading ? `${data.items.length} subscribers shown` : undefined;
  useEffect(() => {
    if (announcement !== undefined) announce(announcement);
  }, [announcement]);
  const isFiltered = Boolean(search || status);
  return (
    <section className="stack" aria-label="Subscribers">
      <Filters view={`lists/${id}`} fields={FIELDS} query={query} />
      <Pages
        of={subscribers}
        what="subscribers"
        words={["First", "Next"]}
        lines={8}
        caption="Subscribers"
        columns={columnsOf(id)}
        isLinked
        empty={
          <Empty icon="people" title={isFiltered ? "No subscriber matches" : "No subscriber yet"}>
            {isFiltered ? undefined : "An import adds them."}
          </Empty>
        }
      />
    </section>
  );
}

const columnsOf = (listId: string): readonly Column<Subscriber>[] => [
  {
    head: "Address",
    cell: ({ id, email }) => (
      <a className="address" href={`#/lists/${listId}?person=${id}`}>
        {email}
      </a>
    ),
  },
  { head: "Fields", hideOnPhone: true, cell: ({ fields }) => <FieldsOf fields={fields} /> },
  {
    head: "Status",
    tight: true,
    cell: ({ status }) => <Badge status={status} tone={toneOfSubscriber(status)} />,
  },
  { head: "Added", tight: true, hideOnPhone: true, cell: ({ createdAt }) => <TimeAgo at={createdAt} /> },
];

function FieldsOf({ fields }: Pick<Subscriber, "fields">) {
  const texts = Object.entries(fields).map(([name, value]) => `${name}: ${String(value)}`);
  return <span className="quiet small clamp subscriber-fields">{texts.join(", ")}</span>;
}
