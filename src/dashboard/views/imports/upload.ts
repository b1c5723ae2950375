import { api, Problem } from "#dashboard/api.ts";

/** A file in Storage, which an import can read. */
export type Upload = { uploadId: string; fileName: string; bytes: number };

type Address = { uploadId: string; url: string };

/**
 * Uploads the file directly to Storage, so that the limits of functions do not apply. Calls `onSent` with the number of
 * bytes so far.
 */
export async function upload(
  file: File,
  { signal, onSent }: { signal: AbortSignal; onSent: (bytes: number) => void },
): Promise<Upload> {
  const fileName = file.name.slice(-200) || "file";
  const { uploadId, url } = await api.post<Address>("/api/imports/uploads", { fileName });
  signal.throwIfAborted();
  await put(url, file, { signal, onSent });
  return { uploadId, fileName, bytes: file.size };
}

/** Uses XMLHttpRequest, because fetch does not tell how much of a body was sent. */
const put = (
  url: string,
  file: File,
  { signal, onSent }: { signal: AbortSignal; onSent: (bytes: number) => void },
) =>
  new Promise<void>((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    signal.addEventListener("abort", stop, { once: true });
    request.upload.addEventListener("progress", ({ loaded }) => onSent(loaded));
    request.addEventListener("loadend", () => {
      signal.removeEventListener("abort", stop);
      if (request.status >= 200 && request.status < 300) resolve();
      else reject(refusalOf(request.status));
    });
    request.open("PUT", url);
    request.setRequestHeader("content-type", "application/octet-stream");
    request.send(file);
  });

function refusalOf(status: number): Problem {
  const isTooLarge = status === 413;
  return new Problem({
    status: status || 503,
    code: isTooLarge ? "payload_too_large" : "upload_failed",
    detail: isTooLarge ? "The file is larger than Storage takes" : "The upload did not reach Storage",
    hint: isTooLarge ? "Split the file, or pack it with gzip." : "Check the network, then try again.",
  });
}
