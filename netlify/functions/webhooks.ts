import type { Config } from "@netlify/functions";
import { door } from "#app.ts";

export default door("api");

// The lock of these addresses is the provider's signature over the raw bytes.
export const config: Config = {
  path: ["/api/webhooks/:source", "/webhooks/payment"],
};
