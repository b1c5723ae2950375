import type { Config } from "@netlify/functions";
import { door } from "#app.ts";

export default door("api");

// The links in mails. The signed link is the only credential.
export const config: Config = {
  path: ["/l/*"],
};
