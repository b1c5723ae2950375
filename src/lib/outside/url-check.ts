import { isIP } from "node:net";
import { AppError } from "#lib/errors.ts";
import { addressCheck } from "#lib/outside/public-address.ts";

/** The ports that safe-fetch.ts calls. */
export const PORTS = [443, 8443];

type Reach = { allowPrivateHosts: readonly string[]; ports?: readonly number[] };

/** Says why a URL is refused before its name is resolved, such as for a private IP address; null when it is not. */
export function urlRefusal({ allowPrivateHosts, ports = PORTS }: Reach): (url: string) => string | null {
  const isAllowed = addressCheck(allowPrivateHosts);
  return (url) => {
    try {
      checkUrl(url, ports, isAllowed);
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };
}

/** Checks the URL before its name is resolved. `URL` has already converted all spellings of IP addresses to one. */
export function checkUrl(
  address: string,
  ports: readonly number[],
  isAllowed: (address: string) => boolean,
): URL {
  if (!URL.canParse(address)) throw refused("The address is no URL");
  const url = new URL(address);
  if (url.protocol !== "https:") throw refused("The address must begin with https://");
  if (url.username !== "" || url.password !== "")
    throw refused("The address must not contain a user or password");
  if (!ports.includes(Number(url.port || 443))) throw refused(`The port must be one of ${ports.join(", ")}`);
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  if (host === "") throw refused("The address names no host");
  if (isIP(host) !== 0 && !isAllowed(host)) throw notPublic();
  return url;
}

const refused = (message: string) => new AppError("address_refused", message);
export const notPublic = () =>
  refused("The address is not on the public internet, nor in ALLOW_PRIVATE_HOSTS");
