import { Badge, type Tone } from "#dashboard/components/badge.tsx";
import type { Column } from "#dashboard/components/table.tsx";
import { TimeAgo } from "#dashboard/components/time.tsx";
import { pageOf } from "#dashboard/hooks/use-hash-route.ts";
import type { Order, Payment } from "#dashboard/types.ts";
import { money } from "#lib/money.ts";

/** The id, and a link to the job that makes the payment if there is one. */
function Name({ id, links }: Pick<Order, "id" | "links">) {
  if (links.job === null) return <code className="address">{id}</code>;
  return (
    <a className="address" href={pageOf(links.job)}>
      {id}
    </a>
  );
}

const TONES: Readonly<Record<string, Tone>> = {
  paid: "good",
  succeeded: "good",
  processing: "info",
  pending: "warn",
  refunded: "quiet",
  canceled: "quiet",
  unknown: "quiet",
};
const State = ({ status }: { status: string }) => (
  <Badge status={status} tone={TONES[status] ?? "warn"}>
    {status.replaceAll("_", " ")}
  </Badge>
);

export const ORDER_COLUMNS: readonly Column<Order>[] = [
  { head: "Order", cell: Name },
  { head: "Status", tight: true, cell: State },
  {
    head: "Amount",
    align: "end",
    tight: true,
    cell: ({ amountCents, currency }) => money(amountCents, currency),
  },
  {
    head: "Payment",
    hideOnPhone: true,
    cell: ({ paymentId, paymentStatus }) =>
      paymentId !== null && (
        <>
          <code className="address">{paymentId}</code>
          <small>{paymentStatus?.replaceAll("_", " ")}</small>
        </>
      ),
  },
  { head: "Made", tight: true, hideOnPhone: true, cell: ({ createdAt }) => <TimeAgo at={createdAt} /> },
  { head: "Paid", tight: true, cell: ({ paidAt }) => <TimeAgo at={paidAt} /> },
];

export const PAYMENT_COLUMNS: readonly Column<Payment>[] = [
  { head: "Payment", cell: Name },
  {
    head: "Status",
    tight: true,
    cell: ({ status, failureCode }) => (
      <>
        <State status={status} />
        {failureCode !== null && <small>{failureCode}</small>}
      </>
    ),
  },
  {
    head: "Amount",
    align: "end",
    tight: true,
    cell: ({ amountCents, refundedCents, currency }) => (
      <>
        {money(amountCents, currency)}
        {refundedCents > 0 && <small>{money(refundedCents, currency)} refunded</small>}
      </>
    ),
  },
  {
    head: "Order",
    hideOnPhone: true,
    cell: ({ orderId, orderStatus }) =>
      orderId !== null && (
        <>
          <code className="address">{orderId}</code>
          <small>{orderStatus}</small>
        </>
      ),
  },
  { head: "First seen", tight: true, hideOnPhone: true, cell: ({ createdAt }) => <TimeAgo at={createdAt} /> },
];
