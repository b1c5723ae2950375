/** The address of a call, without making a Request of it. */
export const addressOf = (input: Parameters<typeof fetch>[0]): URL =>
  new URL(input instanceof Request ? input.url : input);

/** The call as a Request. A Request that is made of another one copies its body through a stream, so none is made. */
export const asRequest = (...[input, init]: Parameters<typeof fetch>): Request =>
  input instanceof Request && init === undefined ? input : new Request(input, init);
