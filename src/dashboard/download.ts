import { api } from "./api.ts";

/** Downloads a file. A link cannot send the key, so the address contains a ticket for this one path. */
export async function download(path: string): Promise<void> {
  const { ticket } = await api.post<{ ticket: string }>("/api/tickets", { path });
  const link = document.createElement("a");
  link.href = `${path}?ticket=${ticket}`;
  link.download = "";
  link.click();
}
