import { apiKeys } from "#api-keys/room.ts";
import { campaigns } from "#campaigns/room.ts";
import { cost } from "#cost/room.ts";
import { deadLetters } from "#dead-letters/room.ts";
import { deliveries } from "#deliveries/room.ts";
import { erasures } from "#erasures/room.ts";
import { feed } from "#feed/room.ts";
import { images } from "#images/room.ts";
import { imports } from "#imports/room.ts";
import { jobs } from "#jobs/room.ts";
import type { Room } from "#lib/room.ts";
import { lists } from "#lists/room.ts";
import { mail } from "#mail/room.ts";
import { maintenance } from "#maintenance/room.ts";
import { monitoring } from "#monitoring/room.ts";
import { notifications } from "#notifications/room.ts";
import { onboarding } from "#onboarding/room.ts";
import { payments } from "#payments/room.ts";
import type { Platform } from "#platform.ts";
import { reports } from "#reports/room.ts";
import { rollout } from "#rollout/room.ts";
import { schedules } from "#schedules/room.ts";
import { sitemap } from "#sitemap/room.ts";
import { suppressions } from "#suppressions/room.ts";
import { uploads } from "#uploads/room.ts";
import { users } from "#users/room.ts";
import { webhooks } from "#webhooks/room.ts";

/**
 * All rooms of this installation. To add a room, add it here, its functions to `functions.ts`, and its events to
 * `event-schemas.ts`. Housekeeping runs the rooms' tasks (`chores`) in this order. The monitor is first, so that it
 * runs even when other tasks fail. Tasks that release jobs come before the ledger's tasks, which send the jobs. Tasks
 * with `canWait` (deletions and maintenance) come last, in the same order. The room `uploads` removes the files of all
 * deleted rows, so rooms that have files come before it. The room `maintenance` is last: each of its due tasks runs one
 * batch even when no time is left, and Netlify may end the run meanwhile.
 */
export const rooms: readonly Room<Platform>[] = [
  monitoring,
  lists,
  suppressions,
  mail,
  campaigns,
  images,
  imports,
  webhooks,
  payments,
  deliveries,
  reports,
  uploads,
  users,
  onboarding,
  notifications,
  sitemap,
  feed,
  rollout,
  schedules,
  cost,
  jobs,
  deadLetters,
  apiKeys,
  erasures,
  maintenance,
];
