/** What the present test has opened. */
const open: { close(): Promise<void> }[] = [];

/** Has {@link closeAll} close it. */
export function keep<T extends { close(): Promise<void> }>(resource: T): T {
  open.push(resource);
  return resource;
}

/** For `afterEach`. Newest first. */
export async function closeAll(): Promise<void> {
  for (const resource of open.splice(0).reverse()) await resource.close();
}
