import { exact } from "#dashboard/format.ts";
import type { Endpoint } from "#dashboard/types.ts";

/** The text of the badge: disabled, failing, or enabled. */
export const stateOf = ({ status, health }: Endpoint): string =>
  status === "enabled" && health === "failing" ? "failing" : status;

/** The types in words. */
export const typesText = ({ eventTypes }: Endpoint): string =>
  eventTypes.includes("*") ? "all" : eventTypes.join(", ");

/** The share of successful attempts in the last 24 hours. */
export const rateText = ({ successRate }: Endpoint): string =>
  successRate === null ? "–" : `${Math.floor(successRate * 100)} %`;

const REASONS = {
  user: "A person disabled it.",
  gone: "It answered 410, which asks us to send nothing more.",
  failing: "Nothing has succeeded for five days.",
} as const;

/** Why an endpoint receives nothing; undefined when all is well. */
export function noteOf({ status, disabledReason, disabledAt, pausedUntil, failedAttempts }: Endpoint) {
  if (status === "disabled" && disabledReason !== null && disabledAt !== null) {
    return `Disabled since ${exact(disabledAt)}. ${REASONS[disabledReason]} Enable it, then replay what it missed.`;
  }
  if (pausedUntil === null) return undefined;
  const failed = failedAttempts === 0 ? "" : `${failedAttempts} attempts have failed in a row. `;
  return `${failed}The next attempt is made at ${exact(pausedUntil)}.`;
}
