/** A page that starts work and follows it live, by a stream or by polling every two seconds. */
import { createClient, type Job, Problem } from "nightshift/client";

/** No key is given, because the page calls its own server, which adds the key. */
const nightshift = createClient();

const toast = (words: string) => {
  const place = document.getElementById("toast");
  if (place !== null) place.textContent = words;
};

const show = ({ progress }: Job) => {
  const bar = document.getElementById("progress");
  if (!(bar instanceof HTMLProgressElement)) return;
  bar.hidden = false;
  bar.value = progress?.percent ?? 0;
};

async function send(campaign: string) {
  const { jobId } = await nightshift.post<{ jobId: string }>(
    `/campaigns/${encodeURIComponent(campaign)}/send`,
  );
  toast("Queued.");
  const job = await nightshift.follow(jobId, { onChange: show });
  toast(job.status === "completed" ? "Sent to everybody." : `It ${job.status}.`);
}

document.getElementById("send")?.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!(event.target instanceof HTMLFormElement)) return;
  const campaign = new FormData(event.target).get("campaign");
  if (typeof campaign !== "string") return;
  send(campaign).catch((error: unknown) => toast(error instanceof Problem ? error.detail : String(error)));
});
