import type { Config } from "@netlify/functions";
import { door } from "#app.ts";

export default door("api");

// Requests to these addresses are authenticated by the provider's signature over the raw bytes.
export const config: Config = {
  path: ["/api/webhooks/:source", "/api/auth-hooks/:hook", "/webhooks/payment"],
};
