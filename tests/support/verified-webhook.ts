import { Webhook } from "standardwebhooks";

/** Throws unless the package accepts the request at the time of its own timestamp. */
export function verified(secret: string, body: string, headers: Record<string, string>) {
  const real = Date.now;
  Date.now = () => Number(headers["webhook-timestamp"]) * 1000;
  try {
    return new Webhook(secret).verify(body, headers);
  } finally {
    Date.now = real;
  }
}
