/** A webhook as a provider sends it. */
export type SignedWebhook = { path: string; body: string; headers: Record<string, string> };

/** Sends each webhook to a site once, except the webhooks that `lose` has chosen. */
export function createWebhookSender(post: (webhook: SignedWebhook) => Promise<{ status: number }>) {
  let isLost: (number: number) => boolean = () => false;
  let number = 0;
  const counts = { delivered: 0, lost: 0, refused: 0 };
  return {
    counts,
    /**
     * From now on, a webhook is not sent when `which` returns true for its number. The first webhook has the number 0.
     */
    lose(which: (number: number) => boolean) {
      isLost = which;
    },
    async send(webhook: SignedWebhook): Promise<void> {
      const mine = number++;
      if (isLost(mine)) counts.lost += 1;
      else if ((await post(webhook)).status === 200) counts.delivered += 1;
      else counts.refused += 1;
    },
  };
}
