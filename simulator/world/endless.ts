/** What a dead process waits for. */
export function endless<T>(): Promise<T> {
  return Promise.withResolvers<T>().promise;
}
