// @ts-check
/** A page that starts work and follows it: asks every two seconds, until the job has ended. */
const POLL_MS = 2000;

/** @param {string} words */
const toast = (words) => {
  const place = document.getElementById("toast");
  if (place !== null) place.textContent = words;
};

/** @param {number} percent */
const show = (percent) => {
  const bar = document.getElementById("progress");
  if (!(bar instanceof HTMLProgressElement)) return;
  bar.hidden = false;
  bar.value = percent;
};

/**
 * @typedef {{ status: string, progress: { percent: number } | null, error: { message?: string } | null }} Job
 * @param {string} jobId @returns {Promise<Job>}
 */
async function pollJobStatus(jobId) {
  for (;;) {
    const response = await fetch(`/jobs/${jobId}`);
    if (!response.ok) throw new Error(`The job cannot be read (${response.status})`);
    /** @type {Job} */
    const job = await response.json();
    show(job.progress?.percent ?? 0);
    if (["completed", "failed", "canceled", "skipped"].includes(job.status)) return job;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** @param {string} campaign */
async function send(campaign) {
  const response = await fetch(`/campaigns/${encodeURIComponent(campaign)}/send`, { method: "POST" });
  /** @type {{ jobId: string, detail?: string }} */
  const answer = await response.json();
  if (!response.ok) return toast(answer.detail ?? "It could not be sent.");
  toast("Queued.");
  const job = await pollJobStatus(answer.jobId);
  toast(job.status === "completed" ? "Sent to everybody." : `It ${job.status}: ${job.error?.message ?? ""}`);
}

document.getElementById("send")?.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!(event.target instanceof HTMLFormElement)) return;
  const campaign = new FormData(event.target).get("campaign");
  if (typeof campaign === "string")
    send(campaign).catch((/** @type {unknown} */ error) => toast(String(error)));
});
