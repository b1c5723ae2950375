import { Filters } from "#dashboard/components/filters.tsx";
import { Page } from "#dashboard/components/page.tsx";
import { Pages } from "#dashboard/components/pages.tsx";
import { Segmented } from "#dashboard/components/segmented.tsx";
import { Empty } from "#dashboard/components/states.tsx";
import type { Column } from "#dashboard/components/table.tsx";
import { useApi } from "#dashboard/hooks/use-api.ts";
import { withQuery } from "#dashboard/hooks/use-hash-route.ts";
import type { JobChange } from "#dashboard/live.ts";
import type { PageOf } from "#dashboard/types.ts";
import type { ViewProps } from "./index.ts";
import { ORDER_COLUMNS, PAYMENT_COLUMNS } from "./payments/columns.tsx";

const VIEW = "payments";
const TITLE = "Payments";
const SHOWN = "20";
const LISTS = [
  { value: "orders", text: "Orders" },
  { value: "payments", text: "Payments" },
] as const;
const ORDER_STATUSES = ["pending", "paid", "refunded"];
/** The statuses of Stripe's payment intents. A payment is "unknown" while only a charge or a checkout names it. */
const PAYMENT_STATUSES = [
  "succeeded",
  "processing",
  "requires_payment_method",
  "requires_confirmation",
  "requires_action",
  "requires_capture",
  "canceled",
  "unknown",
];

const isOfPayments = ({ job }: JobChange) => job.kind === "payment" || job.kind === "webhook";

/** What customers pay for, and what the provider says about each attempt to collect the money. */
export function Payments({ query }: ViewProps) {
  const isOfOrders = query.get("list") !== "payments";
  return (
    <Page
      title={TITLE}
      actions={
        <Segmented
          label="List"
          options={LISTS}
          value={isOfOrders ? "orders" : "payments"}
          onChange={(list) => {
            location.hash = withQuery(`#/${VIEW}`, { list: list === "orders" ? null : list });
          }}
        />
      }
    >
      <Filters
        view={VIEW}
        fields={[
          { name: "status", label: "Status", options: isOfOrders ? ORDER_STATUSES : PAYMENT_STATUSES },
        ]}
        query={query}
      />
      {isOfOrders ? (
        <List key="orders" path="/api/orders" what="orders" columns={ORDER_COLUMNS} query={query} />
      ) : (
        <List key="payments" path="/api/payments" what="payments" columns={PAYMENT_COLUMNS} query={query} />
      )}
    </Page>
  );
}

type ListProps<Row> = {
  path: string;
  what: "orders" | "payments";
  columns: readonly Column<Row>[];
  query: URLSearchParams;
};

function List<Row extends { id: string }>({ path, what, columns, query }: ListProps<Row>) {
  const { list: _, ...chosen } = Object.fromEntries(query);
  const asked = withQuery(path, { ...chosen, limit: SHOWN });
  const state = useApi<PageOf<Row>>(asked, { isNews: isOfPayments });
  if (state.problem?.status === 403) return <OnlyOrders />;
  return (
    <>
      <Pages
        of={state}
        what={what}
        caption={`${what === "orders" ? "Orders" : "Payments"}, newest first`}
        columns={columns}
        isLinked
        empty={
          <Empty icon="card" title={query.get("status") ? `No ${what} match` : `No ${what} yet`}>
            {query.get("status")
              ? undefined
              : "They appear when a payment is asked for or a webhook of Stripe arrives."}
          </Empty>
        }
      />
    </>
  );
}

const OnlyOrders = () => (
  <Empty icon="key" title="This list is for administrators">
    Your own orders are in the other list.
  </Empty>
);
