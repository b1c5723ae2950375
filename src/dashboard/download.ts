import { api } from "./api.ts";

/** A link cannot send the key, so its address has a ticket for this one path. */
export async function download(path: string): Promise<void> {
  const { ticket } = await api.post<{ ticket: string }>("/api/tickets", { path });
  const link = document.createElement("a");
  link.href = `${path}?ticket=${ticket}`;
  link.download = "";
  link.click();
}
