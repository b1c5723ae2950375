import { Presets, SingleBar } from "cli-progress";
import type { Campaign, DemoApi } from "#demo/api.ts";

const everyMs = 200;
const patienceMs = 120_000;

export type Progress = {
  /** Follows the campaign until `isThere` returns true. The progress bar shows `what` until then. */
  follow(what: string, isThere: (campaign: Campaign) => boolean | Promise<boolean>): Promise<Campaign>;
  end(): void;
};

/** A progress bar on stderr if that is a terminal; otherwise one line for each thing that is waited for. */
export function progressOf(api: Pick<DemoApi, "campaign">, campaignId: string, total: number): Progress {
  const bar = new SingleBar(
    {
      format: "  {bar} {sent} sent · {failed} refused · {open} to go · {what}",
      hideCursor: true,
      fps: 10,
      stream: process.stderr,
    },
    Presets.shades_classic,
  );
  const isVisible = process.stderr.isTTY;
  if (isVisible) bar.start(total, 0, { sent: 0, failed: 0, open: total, what: "" });
  return {
    async follow(what, isThere) {
      if (!isVisible) console.error(`${what.charAt(0).toUpperCase()}${what.slice(1)} …`);
      for (const deadline = performance.now() + patienceMs; performance.now() < deadline; ) {
        const campaign = await api.campaign(campaignId);
        const { sent, failed } = campaign.counts;
        if (isVisible) bar.update(sent + failed, { sent, failed, open: total - sent - failed, what });
        if (await isThere(campaign)) return campaign;
        await new Promise((resolve) => setTimeout(resolve, everyMs));
      }
      throw new Error(`The campaign did not get there within ${patienceMs / 1000} s.`);
    },
    end() {
      if (isVisible) bar.stop();
    },
  };
}
