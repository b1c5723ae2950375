/** The API's answers in the API's own types: the page does not compile when an answer changes its shape. */
import type { output } from "zod";
import type { campaignView } from "#campaigns/api-repository.ts";
import type { sendView } from "#campaigns/routes.ts";
import type { letterView } from "#dead-letters/view.ts";
import type { eventTypeView } from "#deliveries/catalog.ts";
import type { deliveryDetailsView, deliveryView, endpointView } from "#deliveries/view.ts";
import type { guessView, targetView } from "#imports/file-routes.ts";
import type { importDetailsView, importView } from "#imports/view.ts";
import type { jobStatsView } from "#jobs/stats.ts";
import type { jobDetailsView } from "#jobs/view.ts";
import type { reportView } from "#reports/routes.ts";

export type JobDetails = output<typeof jobDetailsView>;
export type Blocked = NonNullable<JobDetails["blocked"]>;
export type Letter = output<typeof letterView>;
export type Campaign = output<typeof campaignView>;
export type Send = output<typeof sendView>;
export type JobStats = output<typeof jobStatsView>;
export type Report = output<typeof reportView>;
export type Import = output<typeof importView>;
export type ImportDetails = output<typeof importDetailsView>;
export type ImportTarget = output<typeof targetView>;
export type ImportGuess = output<typeof guessView>;
export type Endpoint = output<typeof endpointView>;
export type Delivery = output<typeof deliveryView>;
export type DeliveryDetails = output<typeof deliveryDetailsView>;
export type EventTypeInfo = output<typeof eventTypeView>;
export type PageOf<Item> = { items: Item[]; nextCursor: string | null };
