import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { readFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { createServer } from "node:https";
import { type AddressInfo, createServer as createListener, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { codeOf } from "#lib/errors.ts";
import { bodyOf, createSafeFetch, type Reach } from "#lib/outside/safe-fetch.ts";

const tls = join(import.meta.dirname, "../../../fixtures/tls");
const cert = readFileSync(join(tls, "cert.pem"), "utf8");
const key = readFileSync(join(tls, "key.pem"), "utf8");
const HERE = "127.0.0.1";

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, () => resolve()));
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

/** An HTTPS server on this machine, with the number of its connections. */
async function serve(answer: RequestListener) {
  let connections = 0;
  const server = createServer({ cert, key }, answer);
  server.on("connection", () => (connections += 1));
  const port = await listen(server);
  return { port, connections: () => connections };
}

const resolvesTo = (...addresses: string[]) => {
  let asked = 0;
  const resolve: Reach["resolve"] = async () => {
    const address = addresses[Math.min(asked++, addresses.length - 1)] ?? HERE;
    return address.split(" ").map((one) => ({ address: one, family: one.includes(":") ? 6 : 4 }));
  };
  return { resolve, asked: () => asked };
};
const reach = (port: number, resolve = resolvesTo(HERE).resolve): Reach => ({
  allowPrivateHosts: [`${HERE}/32`],
  ports: [port],
  ca: cert,
  resolve,
});
const codeOfCall = (call: Promise<unknown>) =>
  call.then(
    () => "answered",
    (error: unknown) => codeOf(error),
  );

/** IP addresses as they may be written in a URL: all lead to this machine, a private network or nowhere. */
const HOSTILE_HOSTS = [
  // Loopback, in every spelling that a URL accepts.
  "127.0.0.1 127.1 127.0.1 2130706433 0x7f000001 0x7f.0.0.1 0177.0.0.1 017700000001 0x7f.1 127.0.0.1.",
  "127.255.255.254 127.0.0.0x1 00000177.0.0.1 0x0000007f.1 127.000.000.001 ①②⑦.⓪.⓪.① １２７.０.０.１",
  "127。0。0。1 127%2e0%2e0%2e1 %31%32%37.0.0.1 0 0.0.0.0 0x0 0.1 00",
  // Private, shared, link-local, documentation, benchmarks, multicast, class E, broadcast.
  "10.0.0.1 10.255.255.255 167772161 0xa000001 012.0.0.1 172.16.0.1 172.31.255.255 0xac100001",
  "192.168.0.1 192.168.255.255 3232235521 0300.0250.0.1 100.64.0.1 100.127.255.255 198.18.0.1",
  "198.19.255.255 192.0.0.1 192.0.0.192 192.0.2.1 198.51.100.7 203.0.113.9 192.88.99.1 224.0.0.1",
  "239.255.255.250 240.0.0.1 255.255.255.254 255.255.255.255 4294967295 0xffffffff 169.254.0.1",
  "169.254.169.254 2852039166 0xa9fea9fe 0251.0376.0251.0376 169.254.43518 169.254.170.2",
  "100.100.100.200 168.63.129.16 192.31.196.1 192.52.193.1 192.175.48.1 0.0.0.8",
  // IPv6: loopback, unspecified, mapped, compatible, translated, NAT64, 6to4, Teredo, and its own private blocks.
  "[::1] [::] [0:0:0:0:0:0:0:1] [0000:0000:0000:0000:0000:0000:0000:0001] [::ffff:127.0.0.1]",
  "[::ffff:7f00:1] [::ffff:10.0.0.1] [::ffff:a9fe:a9fe] [::ffff:8.8.8.8] [::127.0.0.1] [::7f00:1]",
  "[::ffff:0:127.0.0.1] [64:ff9b::127.0.0.1] [64:ff9b::a9fe:a9fe] [64:ff9b:1::1] [2002:7f00:1::]",
  "[2002:a9fe:a9fe::1] [2002:c0a8:1::1] [2001::1] [2001:0:4136:e378:8000:63bf:3fff:fdd2] [2001:2::1]",
  "[2001:10::1] [2001:20::1] [2001:db8::1] [3fff::1] [fc00::1] [fd00::1] [fd00:ec2::254] [fdff:ffff::1]",
  "[fe80::1] [febf::1] [fec0::1] [ff02::1] [ff0e::1] [100::1] [5f00::1] [1::1] [4000::1] [e000::1]",
  "[2620:4f:8000::1] [0:0:0:0:0:ffff:7f00:1] [::FFFF:127.0.0.1]",
].flatMap((line) => line.split(" "));

/** Addresses that are refused before their host matters. */
const HOSTILE_URLS = (port: number) => [
  `http://example.com:${port}/`,
  `ftp://example.com:${port}/`,
  "file:///etc/passwd",
  "data:text/plain,x",
  "gopher://127.0.0.1/",
  "javascript:alert(1)",
  "blob:https://example.com/x",
  "unix:/var/run/docker.sock",
  `https://user@public.test:${port}/`,
  `https://user:pw@public.test:${port}/`,
  `https://:pw@public.test:${port}/`,
  "https://public.test/",
  "https://public.test:22/",
  "https://public.test:25/",
  "https://public.test:6379/",
  "https://public.test:80/",
  "https://public.test:0/",
  "https://public.test:65536/",
  `//public.test:${port}/`,
  "",
  " ",
  "https://",
  "https:///",
  "https://[::1",
  `https://public test:${port}/`,
  `https://public.test:${port}:1/`,
  `https://public.test:${port}@127.0.0.1/`,
  `https://a%00b.test:${port}/`,
  `https://[v1.x]:${port}/`,
  "/etc/passwd",
];

describe("forbidden addresses", () => {
  test("open no socket", async () => {
    const { port, connections } = await serve((_, response) => response.end());
    const call = createSafeFetch({ allowPrivateHosts: [], ports: [port], ca: cert });
    let sockets = 0;
    const count = () => (sockets += 1);
    subscribe("net.client.socket", count);
    const urls = [...HOSTILE_HOSTS.map((host) => `https://${host}:${port}/`), ...HOSTILE_URLS(port)];
    for (const url of urls) expect([url, await codeOfCall(call(url))]).toEqual([url, "address_refused"]);
    unsubscribe("net.client.socket", count);
    expect(urls.length).toBeGreaterThanOrEqual(120);
    expect([sockets, connections()]).toEqual([0, 0]);
  });

  test("are refused as the result of a name lookup, alone or beside a public address", async () => {
    const { port, connections } = await serve((_, response) => response.end());
    const hosts = HOSTILE_HOSTS.filter((host) => URL.canParse(`https://${host}`));
    for (const host of hosts) {
      const address = new URL(`https://${host}`).hostname.replace(/[[\]]/g, "");
      for (const found of [address, `8.8.8.8 ${address}`, `${address} 2606:4700::1111`]) {
        const call = createSafeFetch({
          allowPrivateHosts: [],
          ports: [port],
          ca: cert,
          resolve: resolvesTo(found).resolve,
        });
        expect([found, await codeOfCall(call(`https://public.test:${port}/`))]).toEqual([
          found,
          "address_refused",
        ]);
      }
    }
    expect(connections()).toBe(0);
  });

  test.each(["localhost", "LOCALHOST"])(
    "are refused as the result of the system's own resolver: %s",
    async (host) => {
      const { port, connections } = await serve((_, response) => response.end());
      const call = createSafeFetch({ allowPrivateHosts: [], ports: [port], ca: cert });
      expect(await codeOfCall(call(`https://${host}:${port}/`))).toBe("address_refused");
      expect(connections()).toBe(0);
    },
  );
});

describe("a name whose address changes", () => {
  test("between check and connection is resolved once, and the checked address is used", async () => {
    const { port, connections } = await serve((_, response) => response.end("here"));
    const { resolve, asked } = resolvesTo(HERE, "127.0.0.2");
    const answer = await createSafeFetch(reach(port, resolve))(`https://public.test:${port}/`);
    expect([(await bodyOf(answer)).toString(), asked(), connections()]).toEqual(["here", 1, 1]);
  });

  test("between two tries is refused at the second", async () => {
    const { port, connections } = await serve((_, response) =>
      response.setHeader("connection", "close").end("here"),
    );
    const call = createSafeFetch(reach(port, resolvesTo(HERE, "127.0.0.2").resolve));
    await bodyOf(await call(`https://public.test:${port}/`));
    expect(await codeOfCall(call(`https://public.test:${port}/`))).toBe("address_refused");
    expect(connections()).toBe(1);
  });
});

describe("redirects", () => {
  const to =
    (location: string): RequestListener =>
    (_, response) =>
      response.writeHead(302, { location }).end("moved");

  test("are not followed by default", async () => {
    const { port } = await serve(to("/there"));
    expect(await codeOfCall(createSafeFetch(reach(port))(`https://public.test:${port}/`))).toBe(
      "provider_rejected",
    );
  });

  test("of a POST are not followed, because its body would go to an address that its sender did not name", async () => {
    const { port, connections } = await serve(to("/there"));
    const call = createSafeFetch(reach(port));
    const options = { method: "POST", body: "secret", redirects: 3 } as const;
    expect(await codeOfCall(call(`https://public.test:${port}/`, options))).toBe("provider_rejected");
    expect(connections()).toBe(1);
  });

  test("are checked like the first address, limited to three, and do not pass on secrets", async () => {
    const seen: (string | undefined)[] = [];
    const { port } = await serve((request, response) => {
      seen.push(request.headers.authorization);
      if (request.url === "/end") response.end("end");
      else to(request.url === "/loop" ? "/loop" : `https://other.test:${port}/end`)(request, response);
    });
    const call = createSafeFetch(reach(port));
    const options = { redirects: 9, headers: { authorization: "secret", range: "bytes=0-" } };
    const answer = await call(`https://public.test:${port}/`, options);
    expect([(await bodyOf(answer)).toString(), seen]).toEqual(["end", ["secret", undefined]]);
    expect(await codeOfCall(call(`https://public.test:${port}/loop`, options))).toBe("provider_rejected");
    expect(seen.length).toBe(2 + 4);
  });

  test.each(["http://public.test/", "https://169.254.169.254/", "https://[::1]/", "file:///etc/passwd"])(
    "to %s are refused",
    async (location) => {
      const { port, connections } = await serve(to(location));
      const call = createSafeFetch({ ...reach(port), ports: [port, 443] });
      expect(await codeOfCall(call(`https://public.test:${port}/`, { redirects: 3 }))).toBe(
        "address_refused",
      );
      expect(connections()).toBe(1);
    },
  );
});

describe("an answer", () => {
  const codeOfBody = async (answer: RequestListener, options = {}) => {
    const { port } = await serve(answer);
    return codeOfCall(createSafeFetch(reach(port))(`https://public.test:${port}/`, options).then(bodyOf));
  };

  test("is returned unpacked, with status and headers", async () => {
    const { port } = await serve((_, response) => {
      response.writeHead(206, { "content-encoding": "gzip", etag: '"1"' }).end(gzipSync("text"));
    });
    const answer = await createSafeFetch(reach(port))(`https://public.test:${port}/`);
    expect([answer.status, answer.headers.get("etag"), (await bodyOf(answer)).toString()]).toEqual([
      206,
      '"1"',
      "text",
    ]);
  });

  test("is aborted beyond the size limit, also when it unpacks beyond it", async () => {
    const endless: RequestListener = (_, response) => {
      const more = () =>
        response.write(Buffer.alloc(65_536), (error) => error ?? (response.destroyed || more()));
      more();
    };
    expect(await codeOfBody(endless)).toBe("provider_answer_too_large");
    const bomb: RequestListener = (_, response) =>
      response.setHeader("content-encoding", "gzip").end(gzipSync(Buffer.alloc(5_000_000)));
    expect(await codeOfBody(bomb)).toBe("provider_answer_too_large");
    expect(await codeOfBody(bomb, { maxBytes: 5_000_000 })).toBe("answered");
  });

  test("is a timeout when it does not come, or stops coming", async () => {
    expect(await codeOfBody(() => undefined, { timeoutMs: 100 })).toBe("provider_timeout");
    const stops: RequestListener = (_, response) => response.write("half");
    expect(await codeOfBody(stops, { timeoutMs: 100 })).toBe("provider_timeout");
  });

  test("is refused when the host has no certificate, or one of another host", async () => {
    const { port } = await serve((_, response) => response.end());
    const call = createSafeFetch(reach(port));
    expect(await codeOfCall(call(`https://elsewhere.example:${port}/`))).toBe("provider_unavailable");
    const { ca: _, ...system } = reach(port);
    expect(await codeOfCall(createSafeFetch(system)(`https://public.test:${port}/`))).toBe(
      "provider_unavailable",
    );
    const plain = await listen(createListener((socket) => socket.end("HTTP/1.1 200 OK\r\n\r\n")));
    expect(await codeOfCall(createSafeFetch(reach(plain))(`https://public.test:${plain}/`))).toBe(
      "provider_unavailable",
    );
  });

  test("an allowed private host can also be called by its address", async () => {
    const { port } = await serve((_, response) => response.end("inside"));
    expect((await bodyOf(await createSafeFetch(reach(port))(`https://${HERE}:${port}/`))).toString()).toBe(
      "inside",
    );
  });
});
