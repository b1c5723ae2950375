import { Badge } from "#dashboard/components/badge.tsx";
import type { Column } from "#dashboard/components/table.tsx";
import { TimeAgo } from "#dashboard/components/time.tsx";
import { count } from "#dashboard/format.ts";
import type { Endpoint } from "#dashboard/types.ts";
import { rateText, stateOf, typesText } from "./words.ts";

export const ENDPOINT_COLUMNS: readonly Column<Endpoint>[] = [
  {
    head: "Address",
    cell: ({ id, url }) => (
      <a className="address" href={`#/webhooks/${id}`}>
        {url}
      </a>
    ),
  },
  { head: "State", cell: (endpoint) => <Badge status={stateOf(endpoint)} />, tight: true },
  { head: "Events", cell: typesText, hideOnPhone: true },
  { head: "Success", cell: rateText, align: "end", tight: true },
  { head: "Waiting", cell: ({ pending }) => count(pending), align: "end", tight: true, hideOnPhone: true },
  { head: "Last success", cell: ({ lastSuccessAt }) => <TimeAgo at={lastSuccessAt} />, hideOnPhone: true },
];
