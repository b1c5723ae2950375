import SMTPConnection from "nodemailer/lib/smtp-connection";
import { z } from "zod";
import type { Env } from "#lib/env.ts";

const smtpError = z.object({
  message: z.string(),
  code: z.string().optional(),
  /** The command that failed: "CONN" when the connection failed, "API" when nothing was sent. */
  command: z.string().optional(),
  /** The code of the server's answer, and the whole answer. */
  responseCode: z.number().optional().catch(undefined),
  response: z.string().optional().catch(undefined),
});
export type SmtpError = z.output<typeof smtpError>;
export const toSmtpError = (error: unknown): SmtpError =>
  smtpError.safeParse(error).data ?? { message: String(error) };

const CONNECT_TIMEOUT_MS = 5_000;
/** How long the server may be silent. */
const SILENCE_MS = 10_000;
/** Connects and logs in. Rejects with nodemailer's error, in which case no mail was sent. */
export async function connectSmtp(
  address: string,
  { NIGHTSHIFT_ENV }: Pick<Env, "NIGHTSHIFT_ENV">,
): Promise<SMTPConnection> {
  const url = new URL(address);
  const secure = url.protocol === "smtps:";
  const connection = new SMTPConnection({
    host: url.hostname,
    port: url.port || (secure ? 465 : 587),
    secure,
    // The password and the mails must not be sent in clear text.
    requireTLS: !secure && NIGHTSHIFT_ENV === "production",
    connectionTimeout: CONNECT_TIMEOUT_MS,
    greetingTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SILENCE_MS,
    socketCloseTimeout: 1_000,
  });
  const [user, pass] = [url.username, url.password].map(decodeURIComponent);
  return new Promise((resolve, reject) => {
    const done = (error: Error | null | undefined) => {
      if (error) connection.close();
      return error ? reject(error) : resolve(connection);
    };
    // This listener stays as long as the connection, because an error without a listener would end the process. `send`
    // reports the error too.
    connection.on("error", reject);
    connection.connect((error) => {
      if (error || !user) done(error);
      else connection.login({ credentials: { user, pass } }, done);
    });
  });
}
