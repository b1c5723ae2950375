import type { Tone } from "#dashboard/components/badge.tsx";

const TONES: Record<string, Tone> = { active: "good", bounced: "bad", complained: "bad" };

/** Leaving a list is no fault, so the status of such a subscriber has no color. */
export const toneOfSubscriber = (status: string): Tone => TONES[status] ?? "quiet";
