import { useState } from "react";
import { Badge } from "#dashboard/components/badge.tsx";
import { Card } from "#dashboard/components/card.tsx";
import { ErrorNote, Loading } from "#dashboard/components/states.tsx";
import { type Column, Table } from "#dashboard/components/table.tsx";
import { TimeAgo } from "#dashboard/components/time.tsx";
import { useApi } from "#dashboard/hooks/use-api.ts";
import { withQuery } from "#dashboard/hooks/use-hash-route.ts";
import type { Delivery, PageOf } from "#dashboard/types.ts";
import { Pager } from "#dashboard/views/pager.tsx";
import { DeliveryDialog } from "./delivery-dialog.tsx";

const SHOWN = "20";

/** The log of an endpoint. A click on a delivery shows its attempts. */
export function Deliveries({ id, query }: { id: string; query: URLSearchParams }) {
  const cursor = query.get("cursor");
  const path = withQuery(`/api/webhook-endpoints/${id}/deliveries`, { limit: SHOWN, cursor });
  const { data, problem, isLoading, reload } = useApi<PageOf<Delivery>>(path);
  const [open, setOpen] = useState<string>();
  const here = `#/webhooks/${id}`;
  return (
    <Card title="Deliveries" flush>
      {problem && <ErrorNote problem={problem} onRetry={reload} />}
      {isLoading && !data && <Loading what="Loading the deliveries" />}
      {data?.items.length === 0 && <p className="quiet none">Nothing was sent yet.</p>}
      {data && data.items.length > 0 && (
        <Table caption="Deliveries" columns={columns(setOpen)} rows={data.items} keyOf={(one) => one.id} />
      )}
      <Pager
        label="Pages of deliveries"
        steps={[
          cursor && { text: "Newest", href: here },
          data?.nextCursor && { text: "Older", href: withQuery(here, { cursor: data.nextCursor }) },
        ]}
      />
      {open !== undefined && (
        <DeliveryDialog id={open} onChange={reload} onClose={() => setOpen(undefined)} />
      )}
    </Card>
  );
}

const columns = (open: (id: string) => void): readonly Column<Delivery>[] => [
  {
    head: "Event",
    cell: ({ id, event }) => (
      <button type="button" className="link" onClick={() => open(id)}>
        {event}
      </button>
    ),
  },
  { head: "State", cell: ({ status }) => <Badge status={status} />, tight: true },
  { head: "Answer", cell: ({ lastStatus, lastError }) => lastStatus ?? lastError ?? "–", tight: true },
  { head: "Attempts", cell: ({ attempts }) => attempts, align: "end", tight: true, hideOnPhone: true },
  { head: "When", cell: ({ createdAt }) => <TimeAgo at={createdAt} />, tight: true },
];
