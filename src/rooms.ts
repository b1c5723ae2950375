import { apiKeys } from "#api-keys/room.ts";
import { campaigns } from "#campaigns/room.ts";
import { deadLetters } from "#dead-letters/room.ts";
import { erasures } from "#erasures/room.ts";
import { images } from "#images/room.ts";
import { jobs } from "#jobs/room.ts";
import type { Room } from "#lib/room.ts";
import { lists } from "#lists/room.ts";
import { notifications } from "#notifications/room.ts";
import type { Platform } from "#platform.ts";
import { reports } from "#reports/room.ts";
import { uploads } from "#uploads/room.ts";

/**
 * Every room of this installation. Adding one touches this list, and `functions.ts` if the room has functions.
 * Housekeeping goes through their chores in this order: what frees work comes before the ledger, which sends it.
 */
export const rooms: readonly Room<Platform>[] = [
  lists,
  campaigns,
  images,
  uploads,
  reports,
  notifications,
  jobs,
  deadLetters,
  apiKeys,
  erasures,
];
