import type { Env } from "#lib/env.ts";
import { AppError } from "#lib/errors.ts";

type Unit = "jobs" | "letters" | "endpoints" | "campaigns" | "seconds" | "share" | "times";
type Rule = {
  title: string;
  unit: Unit;
  /** One threshold, or one for each subject. */
  threshold: number | Readonly<Record<string, number>>;
};

/**
 * What the monitor watches, and the values at which it alerts (S4-42, S2-20). `ALERT_THRESHOLDS` replaces single
 * thresholds. The SQL has the same rules in `private.alert_rules`, with the query behind each.
 */
export const RULES = {
  "queue-depth": { title: "Many jobs wait", unit: "jobs", threshold: 1_000 },
  "queue-depth-critical": { title: "Queue depth critical!", unit: "jobs", threshold: 10_000 },
  "oldest-waiting": {
    title: "A job waits for long",
    unit: "seconds",
    threshold: { P1: 60, P2: 300, P3: 900, P4: 7_200, P5: 129_600 },
  },
  "processing-time": { title: "Processing is slow", unit: "seconds", threshold: 30 },
  "failure-rate": { title: "Many jobs fail", unit: "share", threshold: 0.05 },
  "retry-rate": { title: "Many tries are retries", unit: "share", threshold: 0.2 },
  "dead-letters": { title: "Many dead letters in the last hour", unit: "letters", threshold: 10 },
  throughput: { title: "Work waits, and little gets done", unit: "jobs", threshold: 10 },
  "promise-burn": { title: "The promise of a class is broken too often", unit: "times", threshold: 14.4 },
  "promise-late": { title: "Jobs begin late", unit: "jobs", threshold: 5 },
  "outbox-lag": { title: "Accepted jobs are not sent to the engine", unit: "seconds", threshold: 600 },
  "missed-ticks": { title: "Schedules do not run", unit: "seconds", threshold: 60 },
  "late-tasks": { title: "A maintenance task does not get done", unit: "seconds", threshold: 3_600 },
  "disabled-endpoints": {
    title: "Webhook endpoints were disabled, because they fail",
    unit: "endpoints",
    threshold: 0,
  },
  "paused-work": { title: "A function is paused for long", unit: "seconds", threshold: 86_400 },
  "refused-campaigns": {
    title: "Receiving servers refuse our domain, so campaigns were stopped",
    unit: "campaigns",
    threshold: 0,
  },
  canary: { title: "Work does not get done: the canary was not completed", unit: "seconds", threshold: 240 },
} as const satisfies Record<string, Rule>;

export type RuleName = keyof typeof RULES;
export const RULE_NAMES = Object.keys(RULES).filter(isRule);

/** An alert that is not acknowledged is repeated after this time. */
export const REMIND_AFTER_MINUTES = 240;

export const ruleOf = (name: string): Rule =>
  isRule(name) ? RULES[name] : { title: name, unit: "jobs", threshold: 0 };

function isRule(name: string): name is RuleName {
  return Object.hasOwn(RULES, name);
}

/** Null: the rule is off. */
export type Thresholds = Record<string, number | null>;

/** The thresholds as `watch` takes them: {"queue-depth": 1000, "oldest-waiting:P1": 60}. */
export function thresholdsOf({
  ALERT_THRESHOLDS: own,
  CANARY_MINUTES: minutes,
}: Pick<Env, "ALERT_THRESHOLDS" | "CANARY_MINUTES">): Thresholds {
  const usual = Object.fromEntries(
    RULE_NAMES.flatMap((name): [string, number][] => {
      const { threshold }: Rule = RULES[name];
      if (typeof threshold === "number") return [[name, threshold]];
      return Object.entries(threshold).map(([subject, limit]) => [`${name}:${subject}`, limit]);
    }),
  );
  const unknown = Object.keys(own).filter((name) => !isRule(name.split(":")[0] ?? ""));
  if (unknown.length > 0) {
    throw new AppError("configuration", `ALERT_THRESHOLDS names no rule: ${unknown.join(", ")}`, {
      hint: `The rules are ${RULE_NAMES.join(", ")}.`,
    });
  }
  // A threshold without a subject replaces those of all subjects.
  const kept = Object.entries(usual).filter(([name]) => own[name.split(":")[0] ?? ""] === undefined);
  // Without canaries, the last one says nothing.
  return { ...Object.fromEntries(kept), ...own, ...(minutes === 0 ? { canary: null } : {}) };
}
