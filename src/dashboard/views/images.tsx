import { Page } from "#dashboard/components/page.tsx";
import { Segmented } from "#dashboard/components/segmented.tsx";
import { withQuery } from "#dashboard/hooks/use-hash-route.ts";
import { LaneBoard } from "#dashboard/views/images/lane-board.tsx";
import { LANES, laneOf } from "#dashboard/views/images/lanes.ts";
import type { ViewProps } from "#dashboard/views/index.ts";
import "./images.css";

const CHOICES = LANES.map(({ name, title, atOnce }) => ({
  value: name,
  text: `${title} · ${atOnce} at once`,
}));

/** Draws pictures from prompts, first in, first out, in one of two lanes. */
export function Images({ query }: ViewProps) {
  const lane = laneOf(query.get("lane"));
  const choose = (name: string) => {
    location.hash = withQuery("#/images", { lane: name });
  };
  return (
    <Page
      title="Images"
      actions={<Segmented label="Lane" options={CHOICES} value={lane.name} onChange={choose} />}
    >
      <LaneBoard key={lane.name} lane={lane} />
    </Page>
  );
}
