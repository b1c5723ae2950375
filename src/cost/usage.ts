import { executionsInParts } from "#cost/executions.ts";
import { CREDITS } from "#cost/prices.ts";

/** A month of one kind of work. */
export type Work = {
  /** The number of events, each of which starts one run. */
  events: number;
  /** Steps of each run. */
  steps: number;
  /** Tries of steps that failed and are repeated. Each try is an execution. */
  failedTries?: number | undefined;
  mails?: number | undefined;
  /** The recipients of a campaign. */
  recipients?: number | undefined;
  /** The rows of an import. */
  importRows?: number | undefined;
};
/** The usage of a month. The providers bill the last four fields. */
export type Usage = {
  functionSeconds: number;
  requests: number;
  rows: number;
  executions: number;
  credits: number;
  storedMb: number;
  mails: number;
};

/** Assumptions about the size of the work, for an estimate before there are measurements. */
export const ASSUMED = {
  /** How long an execution takes. One request to the functions' door runs the steps of a run one after the other. */
  secondsPerExecution: 0.25,
  /** The runs of housekeeping, one every five minutes. */
  housekeepings: 8_640,
  secondsPerHousekeeping: 1,
  /** Memory of a function on Netlify. */
  functionGb: 1,
  /** One row for the job, one for its run, and about three for the entries of its timeline. */
  rowsPerEvent: 5,
  /** The size of a row with its index entries. */
  bytesPerRow: 800,
  deploys: 4,
};

const HOUR_SECONDS = 3_600;

/**
 * A run counts as one execution, and so does each try of a step. A sleep is a step, so its length costs nothing;
 * schedules and concurrency cost nothing either.
 */
export const executionsOf = ({ events, steps, failedTries = 0 }: Work): number =>
  events * (1 + steps) + failedTries;

export function usageOf({ recipients = 0, importRows = 0, ...work }: Work): Usage {
  const jobs = [
    ...(recipients > 0 ? [executionsInParts("send-email-campaign", recipients)] : []),
    ...(importRows > 0 ? [executionsInParts("process-import", importRows)] : []),
  ];
  return usageOfCounts({
    executions: executionsOf(work) + jobs.reduce((sum, executions) => sum + executions, 0),
    jobs: work.events + jobs.length,
    mails: (work.mails ?? 0) + recipients,
  });
}

/** The usage of counted work, without its executions and mails. */
export function usageOfCounts({
  executions,
  jobs,
  mails,
}: {
  executions: number;
  jobs: number;
  mails: number;
}): Usage {
  const functionSeconds =
    executions * ASSUMED.secondsPerExecution + ASSUMED.housekeepings * ASSUMED.secondsPerHousekeeping;
  // A run is at least one request; accepting its event is another one.
  const requests = 2 * jobs + ASSUMED.housekeepings;
  const rows = jobs * ASSUMED.rowsPerEvent;
  return {
    functionSeconds,
    requests,
    rows,
    executions,
    credits:
      (functionSeconds / HOUR_SECONDS) * ASSUMED.functionGb * CREDITS.perGbHour +
      requests * CREDITS.perRequest +
      ASSUMED.deploys * CREDITS.perDeploy,
    // The ledger keeps completed jobs for 30 days, or for a shorter time when there are many.
    storedMb: (rows * ASSUMED.bytesPerRow) / 1_000_000,
    mails,
  };
}
