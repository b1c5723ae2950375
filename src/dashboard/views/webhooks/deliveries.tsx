import { useState } from "react";
import { Badge } from "#dashboard/components/badge.tsx";
import { Card } from "#dashboard/components/card.tsx";
import { Pages } from "#dashboard/components/pages.tsx";
import type { Column } from "#dashboard/components/table.tsx";
import { TimeAgo } from "#dashboard/components/time.tsx";
import { useApi } from "#dashboard/hooks/use-api.ts";
import { withQuery } from "#dashboard/hooks/use-hash-route.ts";
import type { Delivery, PageOf } from "#dashboard/types.ts";
import { DeliveryDialog } from "./delivery-dialog.tsx";

const SHOWN = "20";

/** The log of an endpoint. A click on a delivery shows its attempts. */
export function Deliveries({ id, query }: { id: string; query: URLSearchParams }) {
  const cursor = query.get("cursor");
  const path = withQuery(`/api/webhook-endpoints/${id}/deliveries`, { limit: SHOWN, cursor });
  const deliveries = useApi<PageOf<Delivery>>(path);
  const [open, setOpen] = useState<string>();
  return (
    <Card title="Deliveries" flush>
      <Pages
        of={deliveries}
        what="deliveries"
        caption="Deliveries"
        columns={columns(setOpen)}
        empty={<p className="quiet none">Nothing was sent yet.</p>}
      />
      {open !== undefined && (
        <DeliveryDialog id={open} onChange={deliveries.reload} onClose={() => setOpen(undefined)} />
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
