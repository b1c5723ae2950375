import { z } from "zod";
import * as campaigns from "#campaigns/events.ts";
import * as deadLetters from "#dead-letters/events.ts";
import * as deliveries from "#deliveries/events.ts";
import * as erasures from "#erasures/events.ts";
import * as feed from "#feed/events.ts";
import * as images from "#images/events.ts";
import * as imports from "#imports/events.ts";
import * as jobs from "#jobs/events.ts";
import * as mail from "#mail/events.ts";
import * as maintenance from "#maintenance/events.ts";
import * as monitoring from "#monitoring/events.ts";
import * as onboarding from "#onboarding/events.ts";
import * as payments from "#payments/events.ts";
import * as reports from "#reports/events.ts";
import * as schedules from "#schedules/events.ts";
import * as sitemap from "#sitemap/events.ts";
import * as uploads from "#uploads/events.ts";
import * as webhooks from "#webhooks/events.ts";

const rooms = [
  campaigns,
  deadLetters,
  deliveries,
  erasures,
  feed,
  images,
  imports,
  jobs,
  mail,
  maintenance,
  monitoring,
  onboarding,
  payments,
  reports,
  schedules,
  sitemap,
  uploads,
  webhooks,
];

const eventType = z.object({ name: z.string(), schema: z.instanceof(z.ZodType) });

/**
 * The schema of each event's data. Only one door loads the functions, but other doors check data too, so the schemas
 * are listed here. A test fails when the event of a function is missing.
 */
export const eventSchemas: ReadonlyMap<string, z.ZodType> = new Map(
  rooms
    .flatMap((room): unknown[] => Object.values(room))
    .flatMap((exported) => eventType.safeParse(exported).data ?? [])
    .map(({ name, schema }) => [name, schema]),
);
