/** The results of one way. Times are from acceptance to the end, in milliseconds. */
export type WayResult = {
  decided: number;
  ended: number;
  failed: number;
  /** The number of jobs that a request began and the queue finished. */
  handedOver: number;
  p50Ms: number | null;
  p95Ms: number | null;
};
export type Advice = {
  next: "wait" | "go_on" | "turn_back" | "finish";
  /** The next percentage. */
  percentage: number | null;
  because: string;
};

/** S4-66: a rollout begins at 10 %. */
const STEPS = [10, 25, 50, 100];
/** With fewer jobs than this, a comparison is not meaningful. */
const ENOUGH = 20;
/** The new way is worse when its share of failures is higher by more than this. */
const MARGIN = 0.01;

/**
 * Advises what to do next with a flag. It compares the results of the old and the new way since the last change of the
 * flag.
 */
export function advise(
  { isOn, percentage }: { isOn: boolean; percentage: number },
  { queue, sync }: { queue: WayResult; sync: WayResult },
): Advice {
  if (!isOn)
    return { next: "wait", percentage: null, because: "The flag is off: everything takes the old way" };
  const share = (failed: number, ended: number) => (ended === 0 ? 0 : failed / ended);
  const newShare = share(queue.failed, queue.ended);
  const oldShare = share(sync.failed + sync.handedOver, sync.ended);
  if (queue.failed > 1 && newShare > oldShare + MARGIN)
    return {
      next: "turn_back",
      percentage: null,
      because: `${queue.failed} of ${queue.ended} failed by the queue`,
    };
  if (queue.ended < ENOUGH)
    return {
      next: "wait",
      percentage: null,
      because: `${queue.ended} of ${ENOUGH} have ended by the queue since the last change`,
    };
  const next = STEPS.find((step) => step > percentage);
  if (next === undefined)
    return {
      next: "finish",
      percentage: null,
      because: "Everything takes the queue: delete the flag and the old way",
    };
  return {
    next: "go_on",
    percentage: next,
    because: `${queue.ended} ended by the queue, ${queue.failed} failed`,
  };
}
