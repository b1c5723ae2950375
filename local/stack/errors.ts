/** What stands in the way of the stack, in one sentence, and the way out of it in another. */
export class StackError extends Error {
  readonly wayOut: string;
  constructor(message: string, wayOut: string, options?: ErrorOptions) {
    super(message, options);
    this.wayOut = wayOut;
  }
}
