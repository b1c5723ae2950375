import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";

/** What the server does with one mail: accepts it, refuses it with this code, or takes it and closes without an answer. */
export type Verdict = "accept" | "drop" | number;
/** `"450 4.1.2 …"`: refuses the recipient with exactly this answer. */
type RecipientVerdict = Verdict | `${number} ${string}`;
type Settings = {
  password?: string;
  /** Called when a recipient is named. */
  onRecipient?: (address: string) => RecipientVerdict;
  /** Called when the whole mail has arrived. */
  onMail?: (address: string, raw: string) => Verdict | Promise<Verdict>;
};

/** A real SMTP server. `mails` has the raw mails that it has accepted, also those whose answer was lost, by address. */
export async function startSmtp({ password = "secret", onRecipient, onMail }: Settings = {}) {
  const mails = new Map<string, string[]>();
  const server = new SMTPServer({
    disabledCommands: ["STARTTLS"],
    allowInsecureAuth: true,
    onAuth: (auth, _session, callback) =>
      auth.password === password ? callback(null, { user: "nightshift" }) : callback(refusal(535)),
    onRcptTo: ({ address }, _session, callback) => {
      const verdict = onRecipient?.(address) ?? "accept";
      if (verdict === "accept" || verdict === "drop") return callback(null);
      const [code = "", ...words] = String(verdict).split(" ");
      callback(words.length > 0 ? refusal(Number(code), words.join(" ")) : refusal(Number(code)));
    },
    onData: (stream, session, callback) => {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      const answer = async () => {
        const [address = ""] = session.envelope.rcptTo.map((one) => one.address);
        const raw = Buffer.concat(chunks).toString();
        const verdict = (await onMail?.(address, raw)) ?? "accept";
        if (typeof verdict === "number") return callback(refusal(verdict));
        mails.set(address, [...(mails.get(address) ?? []), raw]);
        if (verdict === "accept") return callback();
        for (const connection of server.connections) connection.close();
      };
      stream.on("end", () => void answer());
    },
  });
  server.on("error", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.server.address() as AddressInfo;
  return {
    url: `smtp://nightshift:secret@127.0.0.1:${port}`,
    mails,
    close: () => new Promise<void>((resolve) => server.close(resolve)),
  };
}

const refusal = (responseCode: number, words = `refused with ${responseCode}`) =>
  Object.assign(new Error(words), { responseCode });
