import { BlockList, isIP, isIPv6 } from "node:net";

/** IPv4 ranges that are not public: IANA's special-purpose registry, and ranges that clouds use internally. */
const NOT_PUBLIC_IPV4 = [
  "0.0.0.0/8", // this network
  "10.0.0.0/8", // private
  "100.64.0.0/10", // Carrier-grade NAT, and Alibaba's metadata
  "127.0.0.0/8", // loopback
  "168.63.129.16/32", // Azure's host
  "169.254.0.0/16", // Link-local addresses, and most clouds' metadata
  "172.16.0.0/12", // private
  "192.0.0.0/24", // Protocol assignments, and Oracle's metadata
  "192.0.2.0/24", // documentation
  "192.31.196.0/24", // AS112
  "192.52.193.0/24", // AMT
  "192.88.99.0/24", // 6to4 relays
  "192.168.0.0/16", // private
  "192.175.48.0/24", // AS112
  "198.18.0.0/15", // benchmarks
  "198.51.100.0/24", // documentation
  "203.0.113.0/24", // documentation
  "224.0.0.0/4", // multicast
  "240.0.0.0/4", // class E, broadcast
];

/**
 * Only this block of IPv6 is public. The ranges below are exceptions within it, such as ranges that lead to IPv4
 * addresses.
 */
const PUBLIC_IPV6 = "2000::/3";
const NOT_PUBLIC_IPV6 = [
  "2001::/23", // Protocol assignments: Teredo, benchmarks, ORCHID
  "2001:db8::/32", // documentation
  "2002::/16", // 6to4
  "2620:4f:8000::/48", // AS112
  "3fff::/20", // documentation
];

function toList(cidrs: readonly string[]): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [address = "", bits] = cidr.split("/");
    list.addSubnet(address, Number(bits), isIPv6(address) ? "ipv6" : "ipv4");
  }
  return list;
}

/** Accepts ranges such as `10.1.0.0/16` and `fd00::/8`. */
export function isCidr(text: string): boolean {
  const [address = "", bits = "", ...rest] = text.split("/");
  const version = isIP(address);
  return (
    version !== 0 &&
    !address.includes("%") &&
    /^\d{1,3}$/.test(bits) &&
    Number(bits) <= (version === 6 ? 128 : 32) &&
    rest.length === 0
  );
}

/** Whether an address may be called: it is public, or in one of the allowed ranges. */
export function addressCheck(allowedCidrs: readonly string[]): (address: string) => boolean {
  const allowed = toList(allowedCidrs);
  const publicIPv6 = toList([PUBLIC_IPV6]);
  const notPublic = toList([...NOT_PUBLIC_IPV4, ...NOT_PUBLIC_IPV6]);
  return (address) => {
    if (isIP(address) === 0 || address.includes("%")) return false;
    const family = isIPv6(address) ? "ipv6" : "ipv4";
    if (allowed.check(address, family)) return true;
    return !notPublic.check(address, family) && (family === "ipv4" || publicIPv6.check(address, family));
  };
}
