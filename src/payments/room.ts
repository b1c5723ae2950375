import type { Jobs } from "#jobs/accept.ts";
import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import { room } from "#lib/room.ts";
import { processPaymentRequested } from "#payments/events.ts";
import { paymentFacts } from "#payments/facts.ts";
import { orderRepository } from "#payments/order-repository.ts";
import { orderRoutes } from "#payments/order-routes.ts";
import { paymentRepository } from "#payments/repository.ts";
import { paymentRoutes } from "#payments/routes.ts";

type Dependencies = { db: DatabaseClient; clock: Clock; jobs: Jobs };

export const payments = room<Dependencies>({
  name: "payments",
  routes: ({ db, clock, jobs }) => [
    ...paymentRoutes({ jobs, payments: paymentRepository(db, clock) }),
    ...orderRoutes({ orders: orderRepository(db, clock) }),
  ],
  facts: paymentFacts,
  visibleFields: {
    [processPaymentRequested.name]: ["orderId", "amount"],
  },
});
