/** A fetch whose streams can be cut: at once, or after so many more bytes, for instance in the middle of a message. */
export function createScissors() {
  let opened = 0;
  let bytesLeft = Number.POSITIVE_INFINITY;
  let snap = () => {};

  function tapped(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    const reader = body.getReader();
    return new ReadableStream({
      start(controller) {
        snap = () => {
          snap = () => {};
          bytesLeft = Number.POSITIVE_INFINITY;
          controller.error(new TypeError("cut"));
          void reader.cancel().catch(() => {});
        };
      },
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) return controller.close();
        const piece = value.subarray(0, Math.min(value.byteLength, bytesLeft));
        bytesLeft -= piece.byteLength;
        controller.enqueue(piece);
        if (bytesLeft <= 0) snap();
      },
      cancel: (reason) => reader.cancel(reason),
    });
  }

  return {
    /** How many streams were opened so far. */
    opened: () => opened,
    cutNow: () => snap(),
    cutAfter(bytes: number) {
      bytesLeft = bytes;
    },
    fetch: (async (input, init) => {
      const response = await globalThis.fetch(input, init);
      const isStream = response.headers.get("content-type") === "text/event-stream";
      if (!isStream || response.body === null) return response;
      opened += 1;
      return new Response(tapped(response.body), { status: response.status, headers: response.headers });
    }) satisfies typeof globalThis.fetch,
  };
}
