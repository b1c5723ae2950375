import { describe, expect, it } from "vitest";
import { entriesOf } from "#dashboard/views/job/timeline.tsx";

const at = (second: number) => new Date(Date.UTC(2026, 10, 22, 9, 0, second)).toISOString();
const entry = (type: string, second: number, sequence: number) => ({
  type,
  at: at(second),
  sequence,
  data: {},
});
const typesOf = (sentAt: string | null, ...timeline: ReturnType<typeof entry>[]) =>
  entriesOf({ timeline, sentAt }).map(({ type }) => type);

describe("the time of sending appears in the timeline", () => {
  const accepted = entry("accepted", 0, 1);
  const released = entry("released", 5, 2);
  const running = entry("running", 9, 3);

  it("between the events before and after it", () => {
    expect(typesOf(at(7), accepted, released, running)).toEqual(["accepted", "released", "sent", "running"]);
    expect(typesOf(at(3), accepted, running)).toEqual(["accepted", "sent", "running"]);
  });

  it("at the end when nothing has happened since", () => {
    expect(typesOf(at(7), accepted, released)).toEqual(["accepted", "released", "sent"]);
  });

  it("never before the acceptance, and not before it has happened", () => {
    expect(typesOf(at(0), accepted, running)).toEqual(["accepted", "sent", "running"]);
    expect(typesOf(null, accepted)).toEqual(["accepted"]);
  });
});
