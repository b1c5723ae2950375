/**
 * Whether two texts name the same mailbox. The API writes a mailbox in its own form: without spaces around it, with
 * quotes around the name only where they are needed, and with the domain in ASCII and lower case.
 */
export const isSameMailbox = (one: string, other: string): boolean => formOf(one) === formOf(other);

function formOf(mailbox: string): string {
  const [, name = "", address = ""] = /^(.*)<([^<]*)>$/.exec(mailbox.trim()) ?? [null, "", mailbox.trim()];
  const at = address.lastIndexOf("@");
  return JSON.stringify([unquoted(name.trim()), address.slice(0, at), asciiOf(address.slice(at + 1))]);
}

const unquoted = (name: string): string =>
  (/^".*"$/.test(name) ? name.slice(1, -1).replace(/\\(.)/g, "$1") : name).trim();

function asciiOf(domain: string): string {
  const address = `http://${domain}`;
  return URL.canParse(address) ? new URL(address).hostname : domain;
}
